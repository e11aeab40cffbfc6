package dev.paligemma.engine.machine;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What the processor is and which instructions it has. Immutable and thread-safe.
 *
 * @param name what the system calls it; empty if that is not known
 * @param features the instructions, by their names in Linux; empty if they are not known
 */
public record Processor(String name, Set<String> features) {
    /** Those that decide how fast a network runs: of x86, then of Arm. */
    private static final List<String> DECISIVE = List.of(
            "avx2",
            "avx_vnni",
            "avx512f",
            "avx512_vnni",
            "avx512_bf16",
            "avx512_fp16",
            "amx_int8",
            "amx_bf16",
            "asimd",
            "asimddp",
            "i8mm",
            "bf16",
            "sve",
            "sve2");

    /** Products of bfloat16 numbers, of Intel and AMD, and of 64-bit Arm. */
    private static final List<String> BFLOAT16 = List.of("amx_bf16", "avx512_bf16", "bf16");

    private static final String SEPARATOR = "[ \\t]*:[ \\t]*";
    private static final Pattern BLANKS = Pattern.compile("\\s+");

    /** Copies the features. */
    public Processor {
        Objects.requireNonNull(name, "name");
        features = Set.copyOf(features);
    }

    /**
     * The processor of this machine: on Linux what {@code /proc/cpuinfo} says, on other systems what follows from the
     * architecture.
     */
    public static Processor ofThisMachine() {
        return SystemFile.read(Path.of("/proc/cpuinfo"))
                .map(Processor::parse)
                .orElseGet(() -> without(
                        System.getProperty("os.name", ""),
                        System.getProperty("os.arch", ""),
                        Objects.requireNonNullElse(System.getenv("PROCESSOR_IDENTIFIER"), "")));
    }

    /** A processor of a system that has no list of features; Windows has the name in a variable. */
    static Processor without(String system, String architecture, String name) {
        if (!architecture.equals("aarch64")) {
            return new Processor(name, Set.of());
        }
        // All 64-bit Arm processors have the first, all that Apple made for computers have the second.
        boolean apple = system.toLowerCase(Locale.ROOT).startsWith("mac");
        return new Processor(name, apple ? Set.of("asimd", "asimddp") : Set.of("asimd"));
    }

    /**
     * Reads the first processor of {@code /proc/cpuinfo}, in the form of x86 or of Arm; what the text does not say is not
     * known.
     */
    public static Processor parse(String cpuinfo) {
        String flags = SystemFile.value(cpuinfo, "flags", SEPARATOR)
                .or(() -> SystemFile.value(cpuinfo, "Features", SEPARATOR))
                .orElse("");
        Set<String> features = new LinkedHashSet<>(BLANKS.splitAsStream(flags).toList());
        features.remove("");
        return new Processor(SystemFile.value(cpuinfo, "model name", SEPARATOR).orElse(""), features);
    }

    /**
     * The instructions that decide how fast a network runs: their names, in a fixed order; empty if there are none or
     * they are not known.
     */
    public List<String> decisiveFeatures() {
        return DECISIVE.stream().filter(features::contains).toList();
    }

    /** Tells whether it multiplies in bfloat16; false if it is not known. */
    public boolean multipliesBfloat16() {
        return BFLOAT16.stream().anyMatch(features::contains);
    }
}
