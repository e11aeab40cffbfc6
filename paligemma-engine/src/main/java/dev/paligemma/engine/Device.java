package dev.paligemma.engine;

import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where an engine computes. Immutable.
 *
 * @param kind the kind of processor
 * @param index which one of several, from 0
 */
public record Device(Kind kind, int index) {
    /** The main processor. */
    public static final Device CPU = new Device(Kind.CPU, 0);

    private static final Pattern TEXT = Pattern.compile("(cpu|cuda)(?::(\\d{1,3}))?");

    /** Kinds of processors. */
    public enum Kind {
        /** The main processor. */
        CPU,
        /** An NVIDIA GPU. */
        CUDA
    }

    /** Checks the index. */
    public Device {
        Objects.requireNonNull(kind, "kind");
        if (index < 0 || (kind == Kind.CPU && index != 0)) {
            throw new IllegalArgumentException("no device " + kind + " with index " + index);
        }
    }

    /** An NVIDIA GPU, by its index from 0. */
    public static Device cuda(int index) {
        return new Device(Kind.CUDA, index);
    }

    /**
     * Reads {@code "cpu"}, {@code "cuda"} or {@code "cuda:1"}; an {@link IllegalArgumentException} if the text is none of
     * these.
     */
    public static Device parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("unknown device '" + text + "', expected cpu, cuda or cuda:N"
                    + (text.contains(",") ? "; a program computes on one device, name one" : ""));
        }
        int index = matcher.group(2) == null ? 0 : Integer.parseInt(matcher.group(2));
        return new Device(matcher.group(1).equals("cpu") ? Kind.CPU : Kind.CUDA, index);
    }

    /** Returns for example {@code cpu} or {@code cuda:1}. */
    @Override
    public String toString() {
        return kind == Kind.CPU ? "cpu" : "cuda:" + index;
    }
}
