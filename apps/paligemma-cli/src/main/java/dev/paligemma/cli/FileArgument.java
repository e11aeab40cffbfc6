package dev.paligemma.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a path from the command line. Stateless. */
final class FileArgument implements ITypeConverter<Path> {
    @Override
    public Path convert(String text) {
        if (text.isBlank()) {
            // It would mean the working folder, which is rarely what an unset variable of a script was to be.
            throw new TypeConversionException("expected a path, got an empty text");
        }
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            String charset = System.getProperty("sun.jnu.encoding", "");
            throw new TypeConversionException("'" + text + "' cannot be a path: " + e.getReason()
                    + (charset.startsWith("UTF") ? "" : " in the locale's " + charset + "; set LC_ALL=C.UTF-8"));
        }
    }
}
