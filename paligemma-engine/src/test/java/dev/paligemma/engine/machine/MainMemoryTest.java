package dev.paligemma.engine.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainMemoryTest {
    private static final String MEMINFO = """
            MemTotal:       16000000 kB
            MemFree:         1000000 kB
            MemAvailable:   12000000 kB
            HugePages_Total:       0
            """;
    private static final long TOTAL = 16_000_000L * 1024;
    private static final long AVAILABLE = 12_000_000L * 1024;

    @TempDir
    Path root;

    private MainMemory read(String groups, Map<String, String> files) throws IOException {
        write("proc/meminfo", MEMINFO);
        write("proc/self/cgroup", groups);
        for (Map.Entry<String, String> file : files.entrySet()) {
            write("sys/fs/cgroup/" + file.getKey(), file.getValue() + "\n");
        }
        return MainMemory.under(root).orElseThrow();
    }

    private void write(String name, String text) throws IOException {
        Files.createDirectories(root.resolve(name).getParent());
        Files.writeString(root.resolve(name), text);
    }

    @Test
    void withoutControlGroupsAllThatIsAvailableIsFree() throws IOException {
        assertThat(read("", Map.of())).isEqualTo(new MainMemory(AVAILABLE, TOTAL, false));
    }

    @Test
    void aGroupOfVersion2LeavesItsLimitWithoutWhatItUses() throws IOException {
        assertThat(read("0::/\n", Map.of("memory.max", "4000000000", "memory.current", "1500000000")))
                .isEqualTo(new MainMemory(2_500_000_000L, 4_000_000_000L, true));
    }

    @Test
    void filesThatAGroupKeepsAtHandAreFree() throws IOException {
        Map<String, String> files = Map.of(
                "memory.max", "4000000000",
                "memory.current", "3900000000",
                "memory.stat", "anon 900000000\ninactive_file 2900000000\nactive_file 100000000");

        assertThat(read("0::/\n", files).freeBytes()).isEqualTo(3_000_000_000L);
    }

    @Test
    void aGroupWithoutALimitChangesNothing() throws IOException {
        assertThat(read("0::/\n", Map.of("memory.max", "max", "memory.current", "1500000000")))
                .isEqualTo(new MainMemory(AVAILABLE, TOTAL, false));
        Map<String, String> unlimited = Map.of(
                "memory/memory.limit_in_bytes", "9223372036854771712", "memory/memory.usage_in_bytes", "1500000000");
        assertThat(read("4:memory:/\n", unlimited)).isEqualTo(new MainMemory(AVAILABLE, TOTAL, false));
    }

    @Test
    void theGroupsAroundAGroupLimitItToo() throws IOException {
        Map<String, String> files = Map.of(
                "outer/memory.max", "3000000000",
                "outer/memory.current", "2800000000",
                "outer/inner/memory.max", "5000000000",
                "outer/inner/memory.current", "1000000000");

        assertThat(read("0::/outer/inner\n", files)).isEqualTo(new MainMemory(200_000_000L, 3_000_000_000L, true));
    }

    @Test
    void aContainerThatSeesThePathOfItsHostFindsItsGroupAtTheTop() throws IOException {
        Map<String, String> files = Map.of(
                "memory/memory.limit_in_bytes", "2000000000",
                "memory/memory.usage_in_bytes", "1900000000",
                "memory/memory.stat", "inactive_file 1\ntotal_inactive_file 400000000");

        assertThat(read("5:cpu,cpuacct:/docker/4a\n4:memory:/docker/4a\n", files))
                .isEqualTo(new MainMemory(500_000_000L, 2_000_000_000L, true));
    }

    @Test
    void nothingIsFreeAboveTheLimit() throws IOException {
        assertThat(read("0::/\n", Map.of("memory.max", "1000", "memory.current", "2000"))
                        .freeBytes())
                .isZero();
    }

    @Test
    void pathsThatLeaveTheControlGroupsAreNotFollowed() throws IOException {
        write("secret/memory.max", "1000");
        write("secret/memory.current", "0");

        assertThat(read("0::/../../../secret\n", Map.of())).isEqualTo(new MainMemory(AVAILABLE, TOTAL, false));
    }

    @Test
    void damagedFilesAreNoAnswer() throws IOException {
        assertThat(MainMemory.under(root)).isEmpty();
        write("proc/meminfo", "MemTotal: many kB\nMemAvailable: 5 kB\n");
        assertThat(MainMemory.under(root)).isEmpty();
        assertThat(read("0::/\n", Map.of("memory.max", "1e9", "memory.current", "-1")))
                .isEqualTo(new MainMemory(AVAILABLE, TOTAL, false));
    }

    @Test
    void sizesAreNotNegative() {
        assertThatIllegalArgumentException().isThrownBy(() -> new MainMemory(-1, 1, false));
        assertThatIllegalArgumentException().isThrownBy(() -> new MainMemory(0, -1, false));
    }

    @Test
    void looksAtThisMachine() {
        assertThat(MainMemory.ofThisMachine())
                .hasValueSatisfying(memory -> assertThat(memory.totalBytes())
                        .isGreaterThan(Runtime.getRuntime().totalMemory() / 2));
        assertThat(MainMemory.maxDirectBytes()).isPositive();
    }

    @Property
    void readsTheNumbersOfMeminfo(
            @ForAll @LongRange(min = 0, max = 1L << 40) long total,
            @ForAll @LongRange(min = 0, max = 1L << 40) long available) {
        String text = String.format("MemTotal: %15d kB\nBuffers: 1 kB\nMemAvailable:%d kB\n", total, available);

        assertThat(MainMemory.parse(text)).contains(new MainMemory(available * 1024, total * 1024, false));
    }

    @Property
    void readsAnyText(@ForAll String text, @ForAll long number) {
        assertThat(MainMemory.parse(text)).isEmpty();
        MainMemory.parse("MemTotal: " + number + " kB\nMemAvailable: " + text + " kB\n")
                .ifPresent(memory -> assertThat(memory.freeBytes()).isNotNegative());
    }
}
