package dev.paligemma.catalog;

import dev.paligemma.catalog.KnownModel.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** The checkpoints that Google published on the Hugging Face hub in the format that this library reads. Immutable. */
public final class KnownModels {
    private static final int SMALL = 224;
    private static final int MIDDLE = 448;
    private static final int LARGE = 896;

    /** The tasks of fine-tuned PaliGemma models with one at 224 and one at 448 pixels. */
    private static final List<String> TASKS_AT_TWO_SIZES = List.of(
            "ai2d",
            "aokvqa-da",
            "aokvqa-mc",
            "coco35l",
            "cococap",
            "gqa",
            "nlvr2",
            "okvqa",
            "rsvqa-hr",
            "science-qa",
            "scicap",
            "screen2words",
            "tallyqa",
            "textcaps",
            "vizwizvqa",
            "vqav2",
            "widgetcap");

    /** The tasks of those with one at 896 pixels as well. */
    private static final List<String> TASKS_AT_ALL_SIZES =
            List.of("docvqa", "infovqa", "ocrvqa", "refcoco-seg", "stvqa", "textvqa");

    private static final List<KnownModel> ALL = list();

    private KnownModels() {}

    private static List<KnownModel> list() {
        List<KnownModel> models = new ArrayList<>();
        for (ModelSize size : ModelSize.values()) {
            for (int imageSize : List.of(SMALL, MIDDLE)) {
                models.add(new KnownModel(size, Kind.MIX, Optional.empty(), imageSize));
            }
            for (int imageSize : List.of(SMALL, MIDDLE, LARGE)) {
                models.add(new KnownModel(size, Kind.PRETRAINED, Optional.empty(), imageSize));
            }
        }
        models.add(new KnownModel(ModelSize.PALIGEMMA2_3B, Kind.FINE_TUNED, Optional.of("docci"), MIDDLE));
        models.add(new KnownModel(ModelSize.PALIGEMMA2_10B, Kind.FINE_TUNED, Optional.of("docci"), MIDDLE));
        TASKS_AT_TWO_SIZES.forEach(task -> addFineTuned(models, task, SMALL, MIDDLE));
        addFineTuned(models, "rsvqa-lr", SMALL);
        TASKS_AT_ALL_SIZES.forEach(task -> addFineTuned(models, task, SMALL, MIDDLE, LARGE));
        return List.copyOf(models);
    }

    private static void addFineTuned(List<KnownModel> models, String task, int... imageSizes) {
        for (int imageSize : imageSizes) {
            models.add(new KnownModel(ModelSize.PALIGEMMA_3B, Kind.FINE_TUNED, Optional.of(task), imageSize));
        }
    }

    /** Lists the models: those for many tasks and the pre-trained ones by size, then the fine-tuned ones. */
    public static List<KnownModel> all() {
        return ALL;
    }

    /**
     * Finds a model by its name, for example {@code google/paligemma2-3b-mix-224}, without a revision; empty for models
     * of others, of other sizes, and in other formats such as {@code -jax}. A fine-tuned model need not be on the list:
     * the name says all there is to know, and the hub may have more of them.
     */
    public static Optional<KnownModel> find(String hubName) {
        Objects.requireNonNull(hubName, "hubName");
        return KnownModel.parse(hubName).filter(model -> model.kind() == Kind.FINE_TUNED || ALL.contains(model));
    }
}
