package dev.paligemma.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.io.TempDir;

/** On tables as kernels of little-endian machines write them. */
@EnabledOnOs(architectures = {"amd64", "aarch64"})
class ConnectionsTest {
    private static final String HEAD =
            "  sl  local_address                         remote_address                        st tx_queue\n";
    private static final String LISTENING =
            "   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 0000\n";

    @TempDir
    Path folder;

    private Connections of(String rows) throws IOException {
        return new Connections(
                8080, List.of(folder.resolve("none"), Files.writeString(folder.resolve("tcp6"), HEAD + rows)));
    }

    private static InetSocketAddress client(String address, int port) throws IOException {
        return new InetSocketAddress(InetAddress.getByName(address), port);
    }

    private static String row(String remote, String state) {
        return "   1: 0000000000000000FFFF00000100007F:1F90 " + remote + " " + state + " 0000\n";
    }

    @Test
    void knowsWhatIsOpenAndWhatIsClosed() throws IOException {
        Connections connections = of(LISTENING
                + row("0000000000000000FFFF00000A00A8C0:D431", "01")
                + row("0000000000000000FFFF00000A00A8C0:D432", "08")
                + row("B80D0120000000000000000001000000:D433", "01"));

        assertThat(connections.client(client("192.168.0.10", 54_321)).isGone()).isFalse();
        assertThat(connections.client(client("192.168.0.10", 54_322)).isGone()).isTrue();
        assertThat(connections.client(client("2001:db8::1", 54_323)).isGone()).isFalse();
    }

    /** The kernel may have left it out, or it was made after the table was read. */
    @Test
    void whatIsMissingIsGoneOnlyInTheSecondTableAfterItBegan() throws Exception {
        Connections.Client client = of(LISTENING).client(client("192.168.0.10", 54_321));

        assertThat(client.isGone()).isFalse();
        boolean gone = false;
        for (long end = System.nanoTime() + 10_000_000_000L; !gone && System.nanoTime() < end; ) {
            gone = client.isGone();
        }
        assertThat(gone).isTrue();
    }

    /** A table of another machine, or of a kernel that shows other columns. */
    @Test
    void aTableWithoutThePortTellsNothing() throws IOException {
        for (String rows : List.of("", row("0000000000000000FFFF00000A00A8C0:D432", "08"), "nonsense:1F90 x\n")) {
            assertThat(of(rows).client(client("192.168.0.10", 54_322)).isGone()).isFalse();
        }
    }
}
