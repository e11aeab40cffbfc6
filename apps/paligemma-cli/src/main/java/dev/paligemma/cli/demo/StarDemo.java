package dev.paligemma.cli.demo;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.cli.report.Facts;
import dev.paligemma.cli.report.ProgressDisplay;
import dev.paligemma.cli.report.TrainingReport;
import dev.paligemma.detection.Detection;
import dev.paligemma.task.TaskRunner;
import dev.paligemma.training.FineTuning;
import dev.paligemma.training.data.Example;
import dev.paligemma.training.data.Examples;
import dev.paligemma.training.recipe.Recipe;
import dev.paligemma.training.recipe.Schedule;
import dev.paligemma.training.run.FineTuningResult;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Teaches the bundled model a star, a shape and a word that it never saw, with drawn pictures, and asks it about others
 * before and after. Everything is drawn from fixed seeds; the adapter answers through ONNX Runtime.
 */
public final class StarDemo {
    private static final int TRAINING_PICTURES = 240;
    private static final int HELD_OUT = 20;
    private static final int UPDATES = 800;
    private static final int WARMUP = 5;
    private static final int RANK = 8;
    private static final double RATE = 2e-3;
    private static final double DECAY = 0.01;
    private static final long TRAINING_SEED = 1;
    private static final long HELD_OUT_SEED = 2;
    private static final String ENGINE = "onnx";
    private static final String ADAPTER = "star";

    private final Path base;
    private final Path out;
    private final ProgressDisplay progress;
    private final int updates;

    /** A demonstration with the bundled model, whose folder is given; the adapter goes to {@code out}. */
    public StarDemo(Path base, Path out, ProgressDisplay progress) {
        this(base, out, progress, UPDATES);
    }

    /** One that learns less. */
    StarDemo(Path base, Path out, ProgressDisplay progress, int updates) {
        this.base = base;
        this.out = out;
        this.progress = progress;
        this.updates = updates;
    }

    private record Score(int right, int asked, double meanIou) {
        Facts facts() {
            return new Facts()
                    .value("captionsRight", right)
                    .value("captions", asked)
                    .value("meanIou", meanIou);
        }

        String line() {
            return String.format(
                    Locale.ROOT, "%d of %d captions right, mean IoU of 'detect star' %.3f", right, asked, meanIou);
        }
    }

    /** Runs it; {@code machine} says where it computes. */
    public Facts run(UnaryOperator<FineTuning> machine) {
        long begin = System.nanoTime();
        List<StarPicture> heldOut = pictures(HELD_OUT_SEED, HELD_OUT);
        progress.step("asking the model as it is");
        Score before;
        try (PaliGemmaPipeline model =
                PaliGemmaPipeline.builder().checkpoint(base).engine(ENGINE).build()) {
            before = score(model, heldOut);
        }
        progress.note("before: " + before.line());
        FineTuningResult result = machine.apply(FineTuning.of(base))
                .baseName("paligemma-tiny")
                .examples(examples(pictures(TRAINING_SEED, TRAINING_PICTURES)))
                .recipe(Recipe.lora(RANK)
                        .learningRate(RATE)
                        .weightDecay(DECAY)
                        .schedule(Schedule.cosine().warmup(WARMUP))
                        .steps(updates))
                .output(out)
                .run(new TrainingReport(progress));
        progress.step("asking the model with the adapter");
        Score after;
        try (PaliGemmaPipeline model = PaliGemmaPipeline.builder()
                .checkpoint(base)
                .engine(ENGINE)
                .adapter(ADAPTER, result.folder())
                .build()) {
            after = score(model.withAdapter(ADAPTER), heldOut);
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        return new Facts()
                .line("before", "%s", before.line())
                .value("before", before.facts())
                .line("after", "%s", after.line())
                .value("after", after.facts())
                .line("seconds", "%.0f", seconds)
                .value("seconds", seconds)
                .add("result", "adapter", result.folder());
    }

    private static List<StarPicture> pictures(long seed, int count) {
        Random random = new Random(seed);
        return Stream.generate(() -> StarPicture.draw(random)).limit(count).toList();
    }

    /** Three questions about each picture. */
    private static Examples examples(List<StarPicture> pictures) {
        List<Example> examples = new ArrayList<>();
        for (StarPicture picture : pictures) {
            examples.add(Example.of(picture.image(), "caption en", picture.caption()));
            examples.add(Example.of(picture.image(), "detect star", picture.location()));
            examples.add(Example.of(picture.image(), "answer en what color is the star?", picture.colour()));
        }
        return Examples.of(examples);
    }

    /** Both questions about each picture; a star that is not found counts 0. */
    private static Score score(TaskRunner model, List<StarPicture> pictures) {
        int right = 0;
        double overlaps = 0;
        for (StarPicture picture : pictures) {
            right += model.caption(picture.image()).equals(picture.caption()) ? 1 : 0;
            List<Detection> found = model.detect(picture.image(), "star").detections();
            overlaps += found.isEmpty() ? 0 : found.get(0).box().iou(picture.box());
        }
        return new Score(right, pictures.size(), overlaps / pictures.size());
    }
}
