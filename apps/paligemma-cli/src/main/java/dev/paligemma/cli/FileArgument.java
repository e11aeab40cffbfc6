package dev.paligemma.cli;

import java.net.URI;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a path from the command line, or the {@code file:} address of one. Stateless. */
final class FileArgument implements ITypeConverter<Path> {
    private static final Pattern FILE_ADDRESS = Pattern.compile("(?i)file:/");
    private static final Pattern ADDRESS = Pattern.compile("(?i)[a-z][a-z0-9+.-]+://|data:");
    private static final int MAX_SHOWN = 200;

    @Override
    public Path convert(String text) {
        if (text.isBlank()) {
            // It would mean the working folder, which is rarely what an unset variable of a script was to be.
            throw new TypeConversionException("expected a path, got an empty text");
        }
        if (FILE_ADDRESS.matcher(text).lookingAt()) {
            return ofAddress(text);
        }
        if (ADDRESS.matcher(text).lookingAt()) {
            String shown = text.length() > MAX_SHOWN ? text.substring(0, MAX_SHOWN) + "..." : text;
            throw new TypeConversionException("'" + shown + "' is an address, and a file is expected"
                    + (text.startsWith("http") ? "; download it first: curl -L -o FILE '" + shown + "'" : ""));
        }
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            String charset = System.getProperty("sun.jnu.encoding", "");
            throw new TypeConversionException("'" + text + "' cannot be a path: " + e.getReason()
                    + (charset.startsWith("UTF") ? "" : " in the locale's " + charset + "; set LC_ALL=C.UTF-8"));
        }
    }

    private static Path ofAddress(String text) {
        try {
            return Path.of(URI.create(text));
        } catch (IllegalArgumentException | FileSystemNotFoundException e) {
            throw new TypeConversionException(
                    "'" + text + "' is not the address of a file on this machine, such as file:///tmp/a.png");
        }
    }
}
