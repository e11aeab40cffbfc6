package dev.paligemma.checkpoint.internal.identity;

import org.jspecify.annotations.Nullable;

/** What to do about files that are not read. */
final class Remedies {
    static final String PALIGEMMA =
            "this library runs PaliGemma and PaliGemma 2, for example google/paligemma2-3b-mix-224";
    static final String PAGES = "of page encoders this library runs ColPali, for example vidore/colpali-v1.3-hf";
    static final String DOWNLOAD_AGAIN = "download it again";

    private Remedies() {}

    /** To use the checkpoint that something was made of. */
    static String original(@Nullable String base) {
        return "take the checkpoint it was made from, a folder with config.json, model.safetensors and tokenizer.json"
                + (base == null ? ", for example google/paligemma2-3b-mix-224" : ", such as " + base);
    }

    /** The same where somebody wanted less memory. */
    static String smaller(@Nullable String base) {
        return original(base) + "; precision(...) of the builder with int8 or int4 makes it small here";
    }

    /** To save pickled weights in the other format. */
    static String safetensors(String folder) {
        return "pickled weights can run code and are not read, so save as safetensors, in Python:"
                + " PaliGemmaForConditionalGeneration.from_pretrained(\"" + folder + "\").save_pretrained(\"NEW\"),"
                + " and copy the tokenizer and processor files";
    }

    /** To fetch what a folder lacks from its base. */
    static String copy(String missing, String files, @Nullable String base, String folder) {
        String from = base == null ? "its base model" : base;
        return "copy " + missing + " from " + from + " into it"
                + (base == null
                        ? ""
                        : ", for example with 'hf download %s %s --local-dir %s'".formatted(base, files, folder));
    }
}
