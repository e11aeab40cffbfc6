package dev.paligemma.engine.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProcessorTest {
    private static final String XEON = """
            processor\t: 0
            vendor_id\t: GenuineIntel
            model name\t: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz
            cpu MHz\t\t: 2699.998
            flags\t\t: fpu vme avx avx2 avx512f avx512_vnni amx_tile amx_int8 avx_vnni avx512_bf16
            vmx flags\t: vnmi preemption_timer
            bugs\t\t: spectre_v1

            processor\t: 1
            model name\t: another
            flags\t\t: fpu
            """;

    private static final String GRAVITON = """
            processor\t: 0
            BogoMIPS\t: 2100.00
            Features\t: fp asimd evtstrm aes asimddp sve i8mm bf16
            CPU implementer\t: 0x41
            """;

    @Test
    void readsTheFirstProcessorOfX86() {
        Processor processor = Processor.parse(XEON);

        assertThat(processor.name()).isEqualTo("Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz");
        assertThat(processor.features()).contains("fpu", "amx_tile").doesNotContain("vnmi", "");
        assertThat(processor.decisiveFeatures())
                .containsExactly("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8");
    }

    @Test
    void readsTheFirstProcessorOfArm() {
        Processor processor = Processor.parse(GRAVITON);

        assertThat(processor.name()).isEmpty();
        assertThat(processor.decisiveFeatures()).containsExactly("asimd", "asimddp", "i8mm", "bf16", "sve");
    }

    @Test
    void knowsNothingOfATextWithoutFlags() {
        assertThat(Processor.parse("")).isEqualTo(new Processor("", Set.of()));
        assertThat(Processor.parse("flags\t:\n")).isEqualTo(new Processor("", Set.of()));
        assertThat(Processor.parse("x86 flags : avx2\nmy model name: x\n")).isEqualTo(new Processor("", Set.of()));
    }

    @Test
    void withoutAFileOnlyTheArchitectureSpeaks() {
        assertThat(Processor.without("Windows 11", "amd64", "Intel64 Family 6"))
                .isEqualTo(new Processor("Intel64 Family 6", Set.of()));
        assertThat(Processor.without("Mac OS X", "aarch64", "").features())
                .containsExactlyInAnyOrder("asimd", "asimddp");
        assertThat(Processor.without("Mac OS X", "x86_64", "").features()).isEmpty();
        assertThat(Processor.without("Windows 11", "aarch64", "").features()).containsExactly("asimd");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "flags\t\t: fpu avx512f avx512_bf16 avx512_vnni",
                "flags\t\t: fpu amx_bf16",
                "Features\t: fp asimd bf16 i8mm",
            })
    void knowsProcessorsThatMultiplyBfloat16(String line) {
        assertThat(Processor.parse("processor\t: 0\n" + line + "\n\n").multipliesBfloat16())
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "flags\t\t: fpu avx512f avx512_vnni",
                "Features\t: fp asimd",
                "model name\t: bf16 avx512_bf16",
                "flags\t\t: xbf16",
                "",
            })
    void knowsProcessorsThatDoNot(String line) {
        assertThat(Processor.parse(line).multipliesBfloat16()).isFalse();
    }

    @Property
    void findsTheFlagsAmongOtherLines(@ForAll("words") Set<String> flags, @ForAll("words") Set<String> others) {
        String text = String.join(" : x\n", others) + "\nflags\t\t: " + String.join(" ", flags) + "\nbugs\t: "
                + String.join(" ", others) + "\n";

        assertThat(Processor.parse(text).features()).isEqualTo(flags);
    }

    @Provide
    Arbitrary<Set<String>> words() {
        return Arbitraries.strings()
                .withCharRange('a', 'e')
                .ofMinLength(1)
                .ofMaxLength(4)
                .set()
                .ofMaxSize(9);
    }

    @Property
    void readsAnyText(@ForAll String text) {
        assertThat(Processor.parse(text)).isNotNull();
        assertThat(Processor.parse("flags :" + text + "\nmodel name :" + text).features())
                .doesNotContain("");
    }

    @Test
    void looksAtThisMachine() {
        Processor processor = Processor.ofThisMachine();

        assertThat(processor.features()).containsAll(processor.decisiveFeatures());
    }
}
