package dev.paligemma.checkpoint.internal.identity;

import java.util.Locale;

/** The kinds of things that people have where a model is expected. */
public enum Kind {
    CHECKPOINT(true),
    CONVERTED(true),
    BIG_VISION(true),
    /** ColPali, which gives rows of numbers and no text. */
    PAGE_ENCODER(true),
    /** A checkpoint without tokenizer or processor settings, as training leaves it. */
    LACKS_FILES(true),
    /** A checkpoint whose settings cannot be read; whoever reads them says where. */
    DAMAGED(true),
    PEFT_ADAPTER(false),
    MLX_ADAPTER(false),
    UNREAD_ADAPTER(false),
    MASK_CODEC(false),
    MLX_QUANTISED(false),
    QUANTISED(false),
    GGUF(false),
    PICKLE(false),
    FLAX(false),
    TENSORFLOW(false),
    KERAS(false),
    ONNX(false),
    OPENVINO(false),
    CORE_ML(false),
    TFLITE(false),
    ORBAX(false),
    OTHER_FORMAT(false),
    OTHER_MODEL(false),
    WEIGHTS_ALONE(false),
    SETTINGS_ALONE(false),
    STAND_IN(false),
    UNFINISHED(false),
    DANGLING(false),
    SHARDED_TRAINING(false),
    PARENT(false),
    CACHE_ENTRY(false),
    ARCHIVE(false),
    PART(false),
    NO_MODEL(false),
    MISSING(true),
    UNREADABLE(false);

    private final boolean read;

    Kind(boolean read) {
        this.read = read;
    }

    /** Whether it is a format that is read, so that only reading it tells what is wrong with it. */
    public boolean isRead() {
        return read;
    }

    /** Whether it adapts a model and is none itself. */
    public boolean isAdapter() {
        return this == PEFT_ADAPTER || this == MLX_ADAPTER;
    }

    /** The name for programs, such as {@code peft-adapter}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
