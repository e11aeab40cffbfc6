package dev.paligemma.hub;

import dev.paligemma.hub.FakeServer.Request;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ServerSocketFactory;

/**
 * A hub with one model, and a host of its own for large files, as the real one has. Tests put faults in front of both.
 *
 * <p>It answers what this library and Python's {@code huggingface_hub} ask for.
 */
public final class FakeHub implements AutoCloseable {
    /** The model. */
    public static final String ID = "owner/tiny-model";
    /** What its main branch is. */
    public static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    static final String SIGNATURE = "c2lnbmF0dXJl";

    /** Answers a request, or returns false to leave it to the ordinary hub. */
    interface Fault {
        boolean handle(Request request, OutputStream out) throws IOException, InterruptedException;
    }

    private final Map<String, byte[]> files = new LinkedHashMap<>();
    private final Map<String, String> commits = new ConcurrentHashMap<>(Map.of("main", COMMIT));
    private final FakeServer hub;
    private final FakeServer cdn;
    private volatile Fault hubFault = (request, out) -> false;
    private volatile Fault cdnFault = (request, out) -> false;

    public FakeHub() throws IOException {
        this(ServerSocketFactory.getDefault());
    }

    /** @param sockets of both servers */
    FakeHub(ServerSocketFactory sockets) throws IOException {
        cdn = new FakeServer(sockets, (request, out) -> {
            if (!cdnFault.handle(request, out)) {
                serveContent(request, out);
            }
        });
        hub = new FakeServer(sockets, (request, out) -> {
            if (!hubFault.handle(request, out)) {
                serveHub(request, out);
            }
        });
    }

    /** A hub whose model has the files of a checkpoint, and some that are not needed. */
    static FakeHub withCheckpoint() throws IOException {
        return withCheckpoint(ServerSocketFactory.getDefault());
    }

    static FakeHub withCheckpoint(ServerSocketFactory sockets) throws IOException {
        FakeHub hub = new FakeHub(sockets);
        hub.put("README.md", "not needed");
        hub.put("config.json", "{\"model_type\": \"paligemma\"}");
        hub.put("generation_config.json", "{}");
        hub.put("tokenizer.json", "{\"tokenizer\": true}");
        hub.put("tokenizer.model", "not needed, there is tokenizer.json");
        hub.put("preprocessor_config.json", "{\"size\": 224}");
        hub.put("model.safetensors", content(1, 300_000));
        hub.put("flax_model.msgpack", content(2, 1000));
        return hub;
    }

    /** A hub whose model has the files of a folder. */
    public static FakeHub serving(Path folder) throws IOException {
        FakeHub hub = new FakeHub();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                hub.put(file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        return hub;
    }

    /** Serves a small model until it is killed; prints its address. */
    public static void main(String[] args) throws IOException, InterruptedException {
        try (FakeHub hub = withCheckpoint()) {
            System.out.println(hub.address());
            Thread.currentThread().join();
        }
    }

    static byte[] content(int seed, int size) {
        byte[] content = new byte[size];
        new Random(seed).nextBytes(content);
        return content;
    }

    void put(String file, String content) {
        put(file, content.getBytes(StandardCharsets.UTF_8));
    }

    public void put(String file, byte[] content) {
        files.put(file, content);
    }

    void remove(String file) {
        files.remove(file);
    }

    byte[] get(String file) {
        return Objects.requireNonNull(files.get(file), file);
    }

    void revision(String revision, String commit) {
        commits.put(revision, commit);
    }

    void onHub(Fault fault) {
        hubFault = fault;
    }

    void onCdn(Fault fault) {
        cdnFault = fault;
    }

    public String address() {
        return hub.address();
    }

    FakeServer hub() {
        return hub;
    }

    FakeServer cdn() {
        return cdn;
    }

    /** Both servers' requests for contents. */
    List<Request> downloads() {
        List<Request> all = new ArrayList<>(cdn.requests());
        hub.requests().stream()
                .filter(each -> each.method().equals("GET") && each.path().contains("/resolve/"))
                .forEach(all::add);
        return all;
    }

    static boolean isLarge(String file) {
        return file.endsWith(".safetensors") || file.endsWith(".npz");
    }

    /** What the hub calls the content of a file. */
    static String etag(String file, byte[] content) {
        return isLarge(file)
                ? hash("SHA-256", content)
                : hash("SHA-1", ("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII), content);
    }

    String etag(String file) {
        return etag(file, get(file));
    }

    private static String hash(String algorithm, byte[]... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance(algorithm);
            for (byte[] part : parts) {
                digest.update(part);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private void serveHub(Request request, OutputStream out) throws IOException {
        String path = request.path().replaceAll("\\?.*", "");
        String model = "/api/models/" + ID;
        if (path.startsWith(model + "/revision/")) {
            String commit = commitOf(path.substring((model + "/revision/").length()));
            if (commit == null) {
                error(out, 404, "RevisionNotFound", "Invalid rev id");
            } else {
                json(out, listing(commit));
            }
        } else if (path.startsWith(model + "/tree/")) {
            json(out, tree());
        } else if (path.startsWith("/" + ID + "/resolve/")) {
            String[] parts = path.substring(("/" + ID + "/resolve/").length()).split("/", 2);
            serveFile(request, out, commitOf(parts[0]), URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
        } else {
            error(out, 404, "RepoNotFound", "Repository not found");
        }
    }

    private String commitOf(String revision) {
        String name = revision.replace("%2F", "/");
        return commits.containsValue(name) ? name : commits.get(name);
    }

    private void serveFile(Request request, OutputStream out, String commit, String file) throws IOException {
        byte[] content = files.get(file);
        if (content == null || commit == null) {
            error(out, 404, content == null ? "EntryNotFound" : "RevisionNotFound", "not found");
            return;
        }
        Map<String, Object> headers = new LinkedHashMap<>();
        headers.put("X-Repo-Commit", commit);
        if (isLarge(file)) {
            headers.put("X-Linked-Etag", '"' + etag(file) + '"');
            headers.put("X-Linked-Size", content.length);
            headers.put("Location", cdn.address() + "/contents/" + file + "?Signature=" + SIGNATURE);
            headers.put("Content-Length", 0);
            FakeServer.head(out, 302, headers);
            return;
        }
        headers.put("ETag", '"' + etag(file) + '"');
        serveRange(request, out, content, headers);
    }

    /** The host of large files. */
    private void serveContent(Request request, OutputStream out) throws IOException {
        String file = request.path().replaceAll("\\?.*", "").substring("/contents/".length());
        Map<String, Object> headers = new LinkedHashMap<>();
        headers.put("ETag", "\"cdn-" + etag(file).substring(0, 8) + '"');
        serveRange(request, out, get(file), headers);
    }

    static void serveRange(Request request, OutputStream out, byte[] content, Map<String, Object> headers)
            throws IOException {
        String range = request.header("range");
        String condition = request.header("if-range");
        int from = 0;
        int status = 200;
        if (range != null && (condition == null || condition.equals(headers.get("ETag")))) {
            from = Integer.parseInt(range.replaceAll("\\D", ""));
            status = 206;
            headers.put("Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
        }
        headers.put("Content-Length", content.length - from);
        FakeServer.head(out, status, headers);
        if (request.method().equals("GET")) {
            out.write(content, from, content.length - from);
        }
    }

    private String listing(String commit) {
        return "{\"id\": \"" + ID + "\", \"modelId\": \"" + ID + "\", \"tags\": [\"a\", {\"b\": [1]}], \"sha\": \""
                + commit
                + "\", \"siblings\": ["
                + files.keySet().stream()
                        .map(each -> "{\"rfilename\": \"" + each + "\"}")
                        .collect(Collectors.joining(", "))
                + "]}";
    }

    private String tree() {
        return files.entrySet().stream()
                .map(each -> {
                    String file = each.getKey();
                    byte[] content = each.getValue();
                    String git = hash(
                            "SHA-1", ("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII), content);
                    String lfs = isLarge(file)
                            ? ", \"lfs\": {\"oid\": \"" + etag(file) + "\", \"size\": " + content.length
                                    + ", \"pointerSize\": 134}"
                            : "";
                    return "{\"type\": \"file\", \"path\": \"" + file + "\", \"size\": " + content.length
                            + ", \"oid\": \"" + git + "\"" + lfs + "}";
                })
                .collect(Collectors.joining(", ", "[", "]"));
    }

    static void json(OutputStream out, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        FakeServer.head(out, 200, Map.of("Content-Type", "application/json", "Content-Length", body.length));
        out.write(body);
    }

    static void error(OutputStream out, int status, String code, String message) throws IOException {
        Map<String, Object> headers = new LinkedHashMap<>();
        if (code != null) {
            headers.put("X-Error-Code", code);
            headers.put("X-Error-Message", message);
        }
        headers.put("Content-Length", 0);
        FakeServer.head(out, status, headers);
    }

    @Override
    public void close() throws IOException {
        hub.close();
        cdn.close();
    }
}
