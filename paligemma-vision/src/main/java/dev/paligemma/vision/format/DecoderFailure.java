package dev.paligemma.vision.format;

import dev.paligemma.base.internal.Quote;
import java.io.IOException;
import java.util.regex.Pattern;
import javax.imageio.IIOException;
import org.jspecify.annotations.Nullable;

/** Turns what ImageIO's readers throw, or warn of, into errors whose messages are meant for users. */
final class DecoderFailure {
    /** Names of exceptions, classes and methods, and bare error numbers. */
    private static final Pattern FOR_PROGRAMMERS =
            Pattern.compile("(?i:\\bexception\\b)|\\w(Exception|Error)\\b|\\w\\(\\)|\\b(\\w+\\.){2}\\w|\\bError \\d");

    private DecoderFailure() {}

    /**
     * The error for a reader that gave up.
     *
     * @throws OutOfMemoryError the one behind the failure, if there is one: some readers wrap it as if the image were
     *     damaged
     */
    static ImageException of(String format, Exception failure) {
        String text = "its data is damaged, or of an unusual kind";
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof OutOfMemoryError memory) {
                throw memory;
            }
            // The innermost text is closest to what is wrong.
            if (cause instanceof IOException && isForUsers(cause.getMessage()) && !repeatsItsCause(cause)) {
                text = cause.getMessage();
            }
        }
        return new ImageException(format + " image cannot be decoded: " + text, failure);
    }

    /** The error for a reader that went on with invented pixels. */
    static ImageException ofWarning(String format, String warning) {
        String text = isForUsers(warning) ? warning : "its picture data breaks the rules of its coding";
        return new ImageException(format + " image is damaged: " + text, new IIOException(warning));
    }

    /** Whether this is an unchecked exception in disguise: it comes from code that did not expect the data. */
    private static boolean repeatsItsCause(Throwable failure) {
        return failure.getCause() instanceof RuntimeException cause
                && cause.getMessage() != null
                && String.valueOf(failure.getMessage()).contains(cause.getMessage());
    }

    private static boolean isForUsers(@Nullable String text) {
        // What would have to be escaped or cut has been taken from the file.
        return text != null
                && !text.isBlank()
                && Quote.quote(text).equals('"' + text + '"')
                && !FOR_PROGRAMMERS.matcher(text).find();
    }
}
