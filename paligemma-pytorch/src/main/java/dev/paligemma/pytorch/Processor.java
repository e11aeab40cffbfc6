package dev.paligemma.pytorch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Stream;

/** What the main processor can do. Stateless. */
final class Processor {
    private static final Path DESCRIPTION = Path.of("/proc/cpuinfo");
    /** Intel and AMD, and 64-bit Arm. */
    private static final Set<String> BFLOAT16 = Set.of("amx_bf16", "avx512_bf16", "bf16");

    private Processor() {}

    /** Whether it multiplies in bfloat16; false where the system does not say so in a file. */
    static boolean multipliesBfloat16() {
        if (!Files.isReadable(DESCRIPTION)) {
            return false;
        }
        try (Stream<String> lines = Files.lines(DESCRIPTION, StandardCharsets.ISO_8859_1)) {
            return multipliesBfloat16(lines);
        } catch (IOException e) {
            return false;
        }
    }

    /** Whether a description like {@code /proc/cpuinfo} has one of the flags. */
    static boolean multipliesBfloat16(Stream<String> lines) {
        return lines.filter(line -> line.startsWith("flags") || line.startsWith("Features"))
                .limit(1)
                .flatMap(line -> Arrays.stream(line.split("\\s+")))
                .anyMatch(BFLOAT16::contains);
    }
}
