package dev.paligemma.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.paligemma.hub.HubException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ServerSocketFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Over https, with a certificate made for these tests. */
@Timeout(120)
class EncryptedHubTest {
    private static final String TOKEN = "hf_theSecretOfThisTest";
    private static final char[] PASSWORD = "password".toCharArray();
    private static final HubModel MODEL = HubModel.parse(FakeHub.ID);

    @TempDir
    static Path keys;

    private static KeyStore store;

    @TempDir
    Path cache;

    private SSLContext before;

    @BeforeAll
    static void makeCertificate() throws IOException, InterruptedException, GeneralSecurityException {
        Path file = keys.resolve("keys.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keystore",
                        file.toString(),
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        new String(PASSWORD),
                        "-alias",
                        "hub",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=hub",
                        "-ext",
                        "san=ip:127.0.0.1")
                .redirectErrorStream(true)
                .redirectOutput(keys.resolve("keytool.txt").toFile())
                .start();
        assertThat(keytool.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(keytool.exitValue())
                .as(Files.readString(keys.resolve("keytool.txt")))
                .isZero();
        store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD);
        }
    }

    @BeforeEach
    void rememberWhomTheJvmTrusts() throws GeneralSecurityException {
        before = SSLContext.getDefault();
    }

    @AfterEach
    void restore() {
        SSLContext.setDefault(before);
    }

    /** Trusts the certificate, as {@code -Djavax.net.ssl.trustStore} would. */
    private static void trust() throws GeneralSecurityException {
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        SSLContext.setDefault(context);
    }

    private static ServerSocketFactory encrypted() throws GeneralSecurityException {
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(store, PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own.getKeyManagers(), null, null);
        return context.getServerSocketFactory();
    }

    private Path download(FakeHub hub) {
        return HubClient.builder()
                .endpoint(hub.address())
                .cacheFolder(cache)
                .token(TOKEN)
                .build()
                .snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE);
    }

    @Test
    void downloadsOverHttps() throws IOException, GeneralSecurityException {
        trust();
        try (FakeHub hub = FakeHub.withCheckpoint(encrypted())) {
            assertThat(hub.address()).startsWith("https://");

            Path snapshot = download(hub);

            assertThat(snapshot.resolve("model.safetensors")).hasBinaryContent(hub.get("model.safetensors"));
            assertThat(hub.hub().requests())
                    .allSatisfy(each -> assertThat(each.header("authorization")).isEqualTo("Bearer " + TOKEN));
            assertThat(hub.cdn().requests())
                    .isNotEmpty()
                    .allSatisfy(each -> assertThat(each.headers()).doesNotContainKey("authorization"));
        }
    }

    @Test
    void asksNothingOfAServerWhoseCertificateIsNotTrusted() throws IOException, GeneralSecurityException {
        try (FakeHub hub = FakeHub.withCheckpoint(encrypted())) {
            HubException refused = catchThrowableOfType(HubException.class, () -> download(hub));

            assertThat(refused.kind()).isEqualTo(Kind.UNREACHABLE);
            assertThat(refused).hasMessageContaining("certif").hasRootCauseInstanceOf(GeneralSecurityException.class);
            assertThat(refused.getCause()).isInstanceOf(SSLHandshakeException.class);
            assertThat(hub.hub().requests()).isEmpty();
        }
    }

    @Test
    void doesNotFollowARedirectIntoClearText() throws IOException, GeneralSecurityException {
        trust();
        try (FakeHub hub = FakeHub.withCheckpoint(encrypted());
                FakeServer clear = new FakeServer(ServerSocketFactory.getDefault(), (request, out) -> {})) {
            hub.onHub((request, out) -> {
                FakeServer.head(out, 302, Map.of("Location", clear.address() + request.path(), "Content-Length", 0));
                return true;
            });

            HubException refused = catchThrowableOfType(HubException.class, () -> download(hub));

            assertThat(refused.kind()).isEqualTo(Kind.BAD_ANSWER);
            assertThat(refused).hasMessageContaining("not encrypted");
            assertThat(clear.requests()).isEmpty();
        }
    }
}
