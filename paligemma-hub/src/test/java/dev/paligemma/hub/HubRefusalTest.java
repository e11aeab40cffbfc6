package dev.paligemma.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.paligemma.hub.HubException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What hubs refuse, what this client refuses, and who gets to see the token. */
class HubRefusalTest extends HubTest {
    // Refusals

    @Test
    void gatedModelsSayWhichPageAndHowToGiveAToken() {
        hub.onHub((request, out) -> request.method().equals("HEAD") && refuse(out, 401, "GatedRepo"));

        HubException failure = failure(builder().token(null).build(), MODEL, TOKEN);

        assertThat(failure.kind()).isEqualTo(Kind.GATED);
        assertThat(failure)
                .hasMessageContaining("accept the terms on " + hub.address() + "/owner/tiny-model")
                .hasMessageContaining("HF_TOKEN")
                .hasMessageContaining(folder.resolve(".cache/huggingface/token").toString());
    }

    /** As {@link #failure()}, for a message that may hold what is no secret of this client. */
    private static HubException failure(HubClient client, HubModel model, String noSecret) {
        assertThat(client.toString()).doesNotContain(noSecret);
        return catchThrowableOfType(
                HubException.class, () -> client.snapshot(model, FileSet.CHECKPOINT, DownloadListener.NONE));
    }

    @Test
    void gatedModelsSayThatTheTokenIsOfSomebodyElse() {
        hub.onHub((request, out) -> request.method().equals("HEAD") && refuse(out, 403, "GatedRepo"));

        HubException failure = failure();

        assertThat(failure.kind()).isEqualTo(Kind.GATED);
        assertThat(failure)
                .hasMessageContaining("the account that the token belongs to")
                .hasMessageContaining("You said ***, ");
    }

    @Test
    void headersThatCannotBeReadDoNotShowTheTokenThatTheyEcho() {
        hub.onHub((request, out) -> {
            FakeServer.head(out, 401, Map.of("X-Error-Message", TOKEN + "\u001b[31m", "Content-Length", 0));
            return true;
        });

        assertThat(failure()).hasMessageContaining("***");
    }

    @Test
    void refusalsAreTyped() {
        assertThat(failure(builder().build(), HubModel.parse("owner/other")).kind())
                .isEqualTo(Kind.NOT_FOUND);
        assertThat(failure(builder().build(), MODEL.withRevision("nowhere")).kind())
                .isEqualTo(Kind.NO_SUCH_REVISION);
        hub.onHub((request, out) -> refuse(out, 401, null));
        assertThat(failure().kind()).isEqualTo(Kind.UNAUTHORIZED);
        hub.onHub((request, out) -> refuse(out, 403, null));
        assertThat(failure().kind()).isEqualTo(Kind.UNAUTHORIZED);
        hub.onHub((request, out) -> refuse(out, 401, "RepoNotFound"));
        assertThat(failure().kind()).isEqualTo(Kind.NOT_FOUND);
        hub.onHub((request, out) -> refuse(out, 418, null));
        assertThat(failure().kind()).isEqualTo(Kind.BAD_ANSWER);
    }

    @Test
    void refusalsAreNotRepeated() {
        hub.onHub((request, out) -> refuse(out, 404, "RepoNotFound"));

        failure();

        assertThat(hub.hub().requests()).hasSize(1);
    }

    @Test
    void whoeverSpeaksAnotherLanguageIsNoHub() {
        hub.onHub((request, out) -> {
            FakeHub.json(out, "<html>Please log in to the hotel's network</html>");
            return true;
        });
        assertThat(failure()).hasMessageContaining("not a Hugging Face hub").hasMessageContaining("proxy");

        hub.onHub((request, out) -> {
            if (!request.method().equals("HEAD")) {
                return false;
            }
            FakeServer.head(out, 200, Map.of("Content-Length", 5));
            return true;
        });
        assertThat(failure()).hasMessageContaining("X-Repo-Commit");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"sha\": \"main\", \"siblings\": []}",
                "{\"sha\": \"../../0123456789abcdef0123456789abcdef01\", \"siblings\": []}",
                "{\"siblings\": [{\"rfilename\": \"config.json\"}]}",
                "{\"sha\": \"0123456789abcdef0123456789abcdef01234567\"}",
                "{\"sha\": 5, \"siblings\": {}}",
                "[]",
                ""
            })
    void refusesListsThatAreNone(String list) {
        hub.onHub((request, out) -> {
            FakeHub.json(out, list);
            return true;
        });

        assertThat(failure().kind()).isEqualTo(Kind.BAD_ANSWER);
    }

    @Test
    void refusesAListWithoutEnd() {
        hub.onHub((request, out) -> {
            FakeServer.head(out, 200, Map.of());
            byte[] more = "[[[[[[[[".repeat(8192).getBytes(StandardCharsets.US_ASCII);
            while (true) {
                out.write(more);
            }
        });

        assertThat(failure()).hasMessageContaining("has more than " + RepositoryListing.MAX_BYTES);
    }

    @Test
    void refusesAnotherCommitThanTheOneAskedFor() {
        hub.revision(FakeHub.COMMIT, "d".repeat(40));
        hub.onHub((request, out) -> {
            if (!request.path().startsWith("/api/")) {
                return false;
            }
            FakeHub.json(out, "{\"sha\": \"" + "d".repeat(40) + "\", \"siblings\": []}");
            return true;
        });

        assertThat(failure(builder().build(), MODEL.withRevision(FakeHub.COMMIT)))
                .hasMessageContaining("d".repeat(40));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " "})
    void refusesEtagsThatSayNothing(String etag) throws IOException {
        call("config.json", etag);

        assertThat(failure().kind()).isEqualTo(Kind.BAD_ANSWER);
        assertThat(names(folder)).noneMatch(each -> each.contains("snapshots"));
    }

    /** They may be any text, and are no names of files then. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "../../../evil",
                "/evil",
                "..",
                "con",
                "evil b",
                "-",
                "\\evil",
                "evil.paligemma.incomplete",
                "1B2M2Y8AsgTpgAmY7Phevil/+w==",
                "evil:sha"
            })
    void etagsThatAreNoNamesNameNothing(String etag) throws IOException {
        call("config.json", etag);

        assertThat(download().resolve("config.json")).hasBinaryContent(hub.get("config.json"));
        assertThat(names(folder)).allMatch(each -> each.startsWith("cache/")).noneMatch(each -> each.contains("evil"));
    }

    /** Size and time of a file, say: two files can share such an ETag. */
    @Test
    void anEtagThatIsNoDigestDoesNotNameAContent() {
        hub.put("generation_config.json", "{\"model_type\": \"gemma....\"}");
        assertThat(hub.get("generation_config.json")).hasSameSizeAs(hub.get("config.json"));
        hub.onHub((request, out) -> {
            String file = request.path().replaceAll(".*/", "");
            if (!List.of("config.json", "generation_config.json").contains(file)) {
                return false;
            }
            Map<String, Object> headers = new LinkedHashMap<>();
            headers.put("X-Repo-Commit", FakeHub.COMMIT);
            headers.put("ETag", "W/\"65f0-1b\"");
            FakeHub.serveRange(request, out, hub.get(file), headers);
            return true;
        });

        assertComplete(download(), NEEDED);
    }

    private static String sha1(byte[] content) throws NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(content));
    }

    @ParameterizedTest
    @ValueSource(strings = {"%s", "{SHA1{%s}}"})
    void mirrorsMayNameContentsByTheirSha1(String form) throws IOException, NoSuchAlgorithmException {
        call("config.json", String.format(form, sha1(hub.get("config.json"))));
        assertComplete(download());

        call(WEIGHTS, String.format(form, sha1(hub.get(WEIGHTS))));
        Files.delete(store().resolve("snapshots").resolve(FakeHub.COMMIT).resolve(WEIGHTS));
        assertComplete(download());

        HubClient checking = builder().checkCache(true).build();
        int before = hub.downloads().size();
        checking.snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE);
        assertThat(hub.downloads()).hasSize(before);
    }

    @Test
    void anotherSha1IsAFailure() {
        call("config.json", "1234567890123456789012345678901234567890");

        assertThat(failure())
                .hasMessageContainingAll("git blob id", "SHA-1", "1234567890123456789012345678901234567890");
    }

    /** As MD5, or that of parts on S3: the size is all that can be checked. */
    @ParameterizedTest
    @ValueSource(strings = {"d41d8cd98f00b204e9800998ecf8427e", "35849f37ff670f9d65dcf631b0f236b0-12"})
    void otherDigestsAreTakenAsTheyAre(String etag) throws IOException {
        call(WEIGHTS, etag);
        call("config.json", etag);

        assertThat(download().resolve("config.json")).hasBinaryContent(hub.get("config.json"));
        assertThat(store().resolve("blobs").resolve(etag)).exists();
    }

    /** A mirror that gives the contents itself may drop what the hub says of the other host's. */
    @Test
    void theHashOfTheStoreIsNoSha256() throws IOException {
        String xet = "b".repeat(64);
        hub.onHub((request, out) -> {
            if (!request.path().endsWith("/" + WEIGHTS)) {
                return false;
            }
            Map<String, Object> headers = new LinkedHashMap<>();
            headers.put("X-Repo-Commit", FakeHub.COMMIT);
            headers.put("ETag", '"' + xet + '"');
            headers.put("X-Xet-Hash", xet);
            FakeHub.serveRange(request, out, hub.get(WEIGHTS), headers);
            return true;
        });

        assertComplete(download());
        builder().checkCache(true).offline(true).build().snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE);
    }

    /** What answers for the content need not call it as what answered for its description. */
    @Test
    void theEtagOfAContentMayDifferFromThatOfItsDescription() {
        hub.onHub((request, out) -> {
            if (!request.isFor("GET", WEIGHTS)) {
                return false;
            }
            Map<String, Object> headers = new LinkedHashMap<>();
            headers.put("ETag", "\"d41d8cd98f00b204e9800998ecf8427e\"");
            FakeHub.serveRange(request, out, hub.get(WEIGHTS), headers);
            return true;
        });

        assertComplete(download());
    }

    private void call(String file, String etag) {
        hub.onHub((request, out) -> {
            if (!request.path().endsWith("/" + file)) {
                return false;
            }
            Map<String, Object> headers = new LinkedHashMap<>();
            headers.put("X-Repo-Commit", FakeHub.COMMIT);
            if (FakeHub.isLarge(file)) {
                headers.put("X-Linked-Etag", '"' + etag + '"');
                headers.put("Location", hub.cdn().address() + "/contents/" + file);
                headers.put("Content-Length", 0);
                FakeServer.head(out, 302, headers);
            } else {
                headers.put("ETag", '"' + etag + '"');
                FakeHub.serveRange(request, out, hub.get(file), headers);
            }
            return true;
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {WEIGHTS, "config.json"})
    void takesWhatTheHubGivesNoChecksumOf(String file) {
        call(file, "abc");

        assertThat(download().resolve(file)).hasBinaryContent(hub.get(file));
    }

    @Test
    void checksumsMayBeInCapitals() {
        call(WEIGHTS, hub.etag(WEIGHTS).toUpperCase(Locale.ROOT));
        hub.onCdn((request, out) -> {
            byte[] wrong = hub.get(WEIGHTS).clone();
            wrong[7] ^= 1;
            FakeHub.serveRange(request, out, wrong, new LinkedHashMap<>());
            return true;
        });

        assertThat(failure().kind()).isEqualTo(Kind.CORRUPT);
    }

    @Test
    void theTokenIsBlackedOutInNamesOfFiles() {
        hub.remove("config.json");
        hub.put(TOKEN, "echoed");

        assertThat(failure()).hasMessageContaining("***");
    }

    @Test
    void whoDoesNotSpeakHttpIsNotAskedAgain() {
        hub.onHub((request, out) -> {
            out.write("SSH-2.0-OpenSSH\r\n".getBytes(StandardCharsets.US_ASCII));
            return true;
        });

        assertThat(failure().kind()).isEqualTo(Kind.BAD_ANSWER);
        assertThat(hub.hub().requests()).hasSize(1);
    }

    @Test
    void saysWhereAnIndexIsNotJson() {
        hub.remove(WEIGHTS);
        hub.put("model.safetensors.index.json", "{\"weight_map\": oops}");

        HubException failure = failure();

        assertThat(failure.kind()).isEqualTo(Kind.BAD_ANSWER);
        assertThat(failure).hasMessageContainingAll("model.safetensors.index.json is not valid JSON", "oops");
    }

    @Test
    void refusesSizesThatCannotBe() {
        announce(WEIGHTS, 2L << 40);
        assertThat(failure()).hasMessageContaining("expected at most");

        announce("config.json", 1L << 30);
        assertThat(failure()).hasMessageContaining("expected at most");
    }

    @Test
    void saysBeforehandThatThereIsNoRoom() {
        announce(WEIGHTS, (1L << 40) - 1);

        HubException failure = failure();

        assertThat(failure.kind()).isEqualTo(Kind.DISK);
        assertThat(failure).hasMessageContaining("free").hasMessageContaining("HF_HOME");
        assertThat(hub.downloads()).isEmpty();
    }

    private void announce(String file, long size) {
        hub.onHub((request, out) -> {
            if (!request.isFor("HEAD", file)) {
                return false;
            }
            FakeServer.head(
                    out,
                    200,
                    Map.of(
                            "X-Repo-Commit",
                            FakeHub.COMMIT,
                            "ETag",
                            '"' + hub.etag(file) + '"',
                            "Content-Length",
                            size));
            return true;
        });
    }

    @Test
    void aCacheThatCannotBeWrittenIsAFailureOfTheDisk() throws IOException {
        Files.writeString(cache(), "a file");

        HubException failure = failure();

        assertThat(failure.kind()).isEqualTo(Kind.DISK);
        assertThat(failure).hasMessageContaining("HF_HUB_CACHE");
    }

    // Redirects and the token

    @Test
    void theTokenIsShownToTheHubOnly() {
        download();

        assertThat(hub.hub().requests())
                .isNotEmpty()
                .allSatisfy(each -> assertThat(each.header("authorization")).isEqualTo("Bearer " + TOKEN));
        assertThat(hub.cdn().requests())
                .isNotEmpty()
                .allSatisfy(each -> assertThat(each.headers()).doesNotContainKey("authorization"));
    }

    @Test
    void saysWhyNobodyIsReached() throws IOException {
        String address = hub.address();
        hub.close();
        assertThat(failure(builder().endpoint(address).build(), MODEL)).hasMessageContaining("nobody answers there");
        assertThat(failure(builder().endpoint("http://no-such-host.invalid").build(), MODEL))
                .hasMessageContaining("the host is not known");
    }

    @Test
    void messagesOfTheHubAreReadAsUnicode() {
        hub.onHub((request, out) -> {
            byte[] head = "HTTP/1.1 403 X\r\nX-Error-Message: nur für Große\r\nContent-Length: 0\r\n\r\n"
                    .getBytes(StandardCharsets.UTF_8);
            out.write(head);
            return true;
        });

        assertThat(failure()).hasMessageContaining("nur für Große");
    }

    /** Neither to another name of this machine, nor to an address of the hub that another host has chosen. */
    @ParameterizedTest
    @ValueSource(strings = {"//localhost", "http://127.0.0.1"})
    void theTokenDoesNotComeBackAfterAnotherHost(String host) {
        hub.onHub((request, out) -> request.path().equals("/chosen") && refuse(out, 404, null));
        hub.onCdn((request, out) -> {
            String back = host + ":" + hub.address().replaceAll(".*:", "") + "/chosen";
            FakeServer.head(out, 302, Map.of("Location", back, "Content-Length", 0));
            return true;
        });

        failure();

        assertThat(hub.hub().requests())
                .filteredOn(each -> each.path().equals("/chosen"))
                .isNotEmpty()
                .allSatisfy(each -> assertThat(each.headers()).doesNotContainKey("authorization"));
    }

    @Test
    void noTokenIsSentWhereNoneIsGiven() {
        builder().token(null).build().snapshot(MODEL, FileSet.CHECKPOINT, DownloadListener.NONE);

        assertThat(hub.hub().requests())
                .allSatisfy(each -> assertThat(each.headers()).doesNotContainKey("authorization"));
    }

    @Test
    void followsARenamedModel() {
        hub.onHub((request, out) -> {
            if (!request.path().contains("old/name")) {
                return false;
            }
            FakeServer.head(
                    out, 307, Map.of("Location", request.path().replace("old/name", FakeHub.ID), "Content-Length", 0));
            return true;
        });

        Path snapshot =
                builder().build().snapshot(HubModel.parse("old/name"), FileSet.CHECKPOINT, DownloadListener.NONE);

        assertComplete(snapshot, NEEDED);
        assertThat(snapshot.toString()).contains("models--old--name");
    }

    @Test
    void followsRedirectsOnTheHubItself() {
        hub.onHub((request, out) -> {
            if (!request.path().contains("/resolve/") || !request.path().endsWith("config.json")) {
                return false;
            }
            FakeServer.head(
                    out,
                    307,
                    Map.of(
                            "Location",
                            request.path() + "?again",
                            "X-Repo-Commit",
                            FakeHub.COMMIT,
                            "Content-Length",
                            0));
            return true;
        });

        assertComplete(download());
    }

    @Test
    void redirectsEnd() {
        hub.onHub((request, out) -> {
            FakeServer.head(out, 302, Map.of("Location", "/again", "Content-Length", 0));
            return true;
        });

        HubException failure = failure();

        assertThat(failure).hasMessageContaining("redirects more than");
        assertThat(hub.hub().requests()).hasSizeLessThan(12);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ftp://example.org/x",
                "file:///etc/passwd",
                "http:///x",
                "mailto:a",
                "http://a:b@c/",
                "http://\\",
                ""
            })
    void redirectsLeadToTheWebOnly(String location) {
        hub.onHub((request, out) -> {
            FakeServer.head(out, 302, Map.of("Location", location, "Content-Length", 0));
            return true;
        });

        assertThat(failure().kind()).isEqualTo(Kind.BAD_ANSWER);
    }
}
