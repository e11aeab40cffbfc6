package dev.paligemma.onnx.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Says in one line why ONNX Runtime's native library cannot be loaded here, and what to do. Stateless. */
public final class LoadFailure {
    private LoadFailure() {}

    /** Of the system that runs this. */
    public static String describe(Throwable failure) {
        return describe(failure, System.getProperty("os.name", ""), System.getProperty("os.arch", ""), isMusl());
    }

    /** Of a system with this name and architecture. */
    static String describe(Throwable failure, String osName, String osArch, boolean musl) {
        String reason = reasons(failure);
        String lower = reason.toLowerCase(Locale.ROOT);
        String remedy;
        if (musl) {
            remedy =
                    "this system has the C library musl, as Alpine Linux; ONNX Runtime's library needs glibc, as Debian, Ubuntu"
                            + " and Red Hat have it";
        } else if (lower.contains("glibc_") || lower.contains("glibcxx_")) {
            remedy =
                    "the C library of this system is too old; expected glibc 2.27 or newer, as Debian 10, Ubuntu 18.04 and Red"
                            + " Hat 8 have it";
        } else if (lower.contains("failed to map segment") || lower.contains("operation not permitted")) {
            remedy =
                    "its folder does not allow programs (it is mounted noexec); choose another one with PALIGEMMA_CACHE or the"
                            + " system property paligemma.cache";
        } else if (lower.contains("no space left")) {
            remedy =
                    "the disk is full; choose another folder with PALIGEMMA_CACHE or the system property paligemma.cache, or"
                            + " another temporary folder with -Djava.io.tmpdir";
        } else if (lower.contains("nosuchfile")
                || lower.contains("createtempdirectory")
                || lower.contains("temporary")) {
            remedy = "the temporary folder " + System.getProperty("java.io.tmpdir")
                    + " does not exist or cannot be written; choose another one with -Djava.io.tmpdir";
        } else if (lower.contains("cannot open shared object file")) {
            remedy =
                    "a library of the system that it needs is missing; install the one that is named (libstdc++6, libgomp1)";
        } else {
            remedy =
                    "ONNX Runtime has libraries for Linux and Windows on x86-64 and for Linux and macOS on arm64; this is "
                            + osName + " on " + osArch;
        }
        return "ONNX Runtime's native library cannot be loaded: " + remedy + " (" + reason + ")";
    }

    /** The innermost message tells most; ONNX Runtime wraps it in errors of class loading. */
    private static String reasons(Throwable failure) {
        String told = String.valueOf(failure.getMessage());
        for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null) {
                told = cause instanceof IOException
                        ? cause.getClass().getSimpleName() + ": " + cause.getMessage()
                        : cause.getMessage();
            }
        }
        return told;
    }

    /** A system has the loader of musl, or that of glibc. */
    private static boolean isMusl() {
        Path lib = Path.of("/lib");
        if (!Files.isDirectory(lib)) {
            return false;
        }
        try (Stream<Path> files = Files.list(lib)) {
            return files.anyMatch(file -> String.valueOf(file.getFileName()).startsWith("ld-musl-"))
                    && !Files.exists(Path.of("/lib64/ld-linux-x86-64.so.2"))
                    && !Files.exists(lib.resolve("ld-linux-aarch64.so.1"));
        } catch (IOException e) {
            return false;
        }
    }
}
