package dev.paligemma.engine.machine;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Small text files in which a kernel answers questions. Stateless. */
final class SystemFile {
    /** Much more than any answer looked for here; some files repeat it for each of hundreds of processors. */
    private static final int LONGEST = 1 << 16;

    private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");

    private SystemFile() {}

    /** The start of a file; empty where it is missing or may not be read. */
    static Optional<String> read(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return Optional.of(new String(in.readNBytes(LONGEST), StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The number that is all of a file; empty where it is something else, such as a word or more than 18 digits. */
    static OptionalLong readNumber(Path file) {
        return read(file).map(String::strip).map(SystemFile::number).orElse(OptionalLong.empty());
    }

    /**
     * The first value of a name in a text with a name and a value on each line; {@code separator} is what stands between
     * them, as a regular expression.
     */
    static Optional<String> value(String text, String name, String separator) {
        Matcher matcher = Pattern.compile(
                        "^" + Pattern.quote(name) + separator + "([^\\r\\n]*)", Pattern.MULTILINE | Pattern.UNIX_LINES)
                .matcher(text);
        return matcher.find() ? Optional.of(matcher.group(1).strip()) : Optional.empty();
    }

    static OptionalLong number(String text) {
        return NUMBER.matcher(text).matches() ? OptionalLong.of(Long.parseLong(text)) : OptionalLong.empty();
    }
}
