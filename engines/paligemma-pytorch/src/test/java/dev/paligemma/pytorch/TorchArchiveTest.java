package dev.paligemma.pytorch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TimeZone;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** That torch reads the archive shows in the contract tests; here is what torch does not look at. */
class TorchArchiveTest {
    @Test
    void holdsFourEntriesInOneFolder() throws IOException {
        Map<String, byte[]> entries = entries(TorchArchive.of("class Network(Module):\n"));

        assertThat(entries.keySet())
                .containsExactly(
                        "network/data.pkl", "network/code/__torch__.py", "network/constants.pkl", "network/version");
        assertThat(entries.get("network/code/__torch__.py"))
                .asString(StandardCharsets.UTF_8)
                .isEqualTo("class Network(Module):\n");
    }

    /** The bytes that pickle.dumps with protocol 2 gives for an object of the class, up to its memo. */
    @Test
    void picklesOneObjectOfTheClass() throws IOException {
        byte[] pickle = entries(TorchArchive.of("")).get("network/data.pkl");

        assertThat(new String(pickle, StandardCharsets.ISO_8859_1))
                .isEqualTo("\u0080\u0002c__torch__\nNetwork\n)\u0081}(X\u0008\0\0\0training\u0089ub.");
    }

    @Test
    @ResourceLock(Resources.TIME_ZONE)
    void isTheSameAtAllTimesAndPlaces() {
        TimeZone zone = TimeZone.getDefault();
        byte[] here = TorchArchive.of("text");
        try {
            TimeZone.setDefault(TimeZone.getTimeZone("Pacific/Kiritimati"));
            assertThat(TorchArchive.of("text")).isEqualTo(here);
        } finally {
            TimeZone.setDefault(zone);
        }
    }

    private static Map<String, byte[]> entries(byte[] archive) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(archive))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                assertThat(entry.getMethod()).isEqualTo(ZipEntry.STORED);
                entries.put(entry.getName(), zip.readAllBytes());
            }
        }
        return entries;
    }
}
