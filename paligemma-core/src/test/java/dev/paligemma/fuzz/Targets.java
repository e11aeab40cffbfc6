package dev.paligemma.fuzz;

import dev.paligemma.AdapterGolden;
import dev.paligemma.Checkpoints;
import dev.paligemma.Golden;
import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.adapter.LoraAdapter;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.convert.ConversionListener;
import dev.paligemma.checkpoint.internal.converted.ConvertedManifest;
import dev.paligemma.checkpoint.internal.safetensors.SafeTensorsFile;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.fuzz.Target.Case;
import dev.paligemma.fuzz.Target.Reader;
import dev.paligemma.fuzz.Target.Seed;
import dev.paligemma.hub.DownloadListener;
import dev.paligemma.hub.FileSet;
import dev.paligemma.hub.HubClient;
import dev.paligemma.hub.HubModel;
import dev.paligemma.network.Networks;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.tokenizer.ControlTokens;
import dev.paligemma.tokenizer.PaliGemmaTokenizer;
import dev.paligemma.vision.ImageProcessor;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.format.ImageOptions;
import dev.paligemma.vision.mask.MaskCodec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/** Everything that reads files from outside, with good files to start from: those of the tests of all modules. */
final class Targets {
    /** Small, so that altered sizes of pictures do not slow down the run; also the limit of what a picture may allocate. */
    private static final ImageOptions PICTURES = ImageOptions.defaults().withMaxPixels(250_000);

    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
    private static final int SAMPLE = 512;

    private Targets() {}

    static List<Target> all() throws IOException {
        return List.of(
                safetensors(),
                checkpoint(),
                quantised(),
                bigVision(),
                converted(),
                config(),
                tokenizer(),
                processor(),
                image(),
                masks(),
                adapter(),
                hub());
    }

    private static Target safetensors() throws IOException {
        List<Seed> seeds = new ArrayList<>(single(resources("checkpoint", "checkpoint"), ".safetensors"));
        seeds.addAll(single(resources("checkpoint", "bitsandbytes"), "weights.safetensors"));
        return new Target("safetensors", seeds, true, 20, damaged -> {
            SafeTensorsFile file = SafeTensorsFile.read(damaged.path());
            for (TensorInfo tensor : file.tensors().values()) {
                if (tensor.offset() + tensor.byteLength() > file.size()) {
                    throw new AssertionError(tensor + " ends outside the file");
                }
                if (tensor.dtype().isFloatWeight()) {
                    file.readFloats(tensor, 0, FloatBuffer.allocate((int) Math.min(SAMPLE, tensor.elementCount())));
                }
            }
        });
    }

    private static Target checkpoint() throws IOException {
        List<Seed> seeds = new ArrayList<>();
        try (Stream<Path> goldens = Files.list(Golden.of("pg1-sharded").folder().getParent())) {
            for (Path golden : goldens.sorted().toList()) {
                seeds.add(folder(golden, Targets::isOfCheckpoint));
            }
        }
        try (Stream<Path> models = Files.list(resources("checkpoint", "checkpoint"))) {
            for (Path model : models.filter(
                            each -> each.getFileName().toString().startsWith("gemma"))
                    .sorted()
                    .toList()) {
                seeds.add(folder(model, Targets::isOfCheckpoint));
            }
        }
        return new Target("checkpoint", seeds, true, 10, damaged -> readCheckpoint(damaged.folder()));
    }

    private static Target quantised() throws IOException {
        List<Seed> seeds = new ArrayList<>();
        try (Stream<Path> models = Files.list(resources("core", "golden-bitsandbytes"))) {
            for (Path model : models.sorted().toList()) {
                seeds.add(folder(model, Targets::isOfCheckpoint));
            }
        }
        return new Target("quantised", seeds, true, 4, damaged -> readCheckpoint(damaged.folder()));
    }

    /** Archives without a configuration, which is inferred from them. */
    private static Target bigVision() throws IOException {
        List<Seed> seeds = single(resources("core", "big-vision"), ".npz");
        return new Target("big_vision", seeds, true, 3, damaged -> readCheckpoint(damaged.folder()));
    }

    private static boolean isOfCheckpoint(String name) {
        return name.startsWith("model") || name.equals("config.json") || name.equals("generation_config.json");
    }

    private static void readCheckpoint(Path folder) {
        try (Checkpoint checkpoint = Networks.open(folder)) {
            checkpoint.verify();
            checkpoint.parameterCount();
            checkpoint.tensors().forEach((name, tensor) -> {
                checkpoint.storedTensors(name);
                if (tensor.dtype().isFloatWeight()) {
                    checkpoint.readFloats(
                            tensor, 0, FloatBuffer.allocate((int) Math.min(SAMPLE, tensor.elementCount())));
                }
            });
        }
    }

    /** Half of the time the sums of the manifest are set right, so that the damage behind them is looked at. */
    private static Target converted() throws IOException {
        List<Seed> seeds = new ArrayList<>();
        Path made = Files.createTempDirectory("converted");
        for (String model : List.of("pg2-gqa", "pg1-minimal-fp16")) {
            for (Precision precision : List.of(Precision.INT8, Precision.INT4)) {
                Path target = made.resolve(model + "-" + precision);
                Checkpoints.convert(Golden.of(model).folder(), precision, target, ConversionListener.NONE);
                seeds.add(folder(target, name -> !name.equals("a.png")));
            }
        }
        deleteAll(made);
        return new Target("converted", seeds, true, 5, damaged -> {
            if (damaged.bytes().length % 2 == 0) {
                setSumsRight(damaged);
            }
            readCheckpoint(damaged.folder());
        });
    }

    private static void setSumsRight(Case damaged) throws IOException {
        Path manifest = damaged.folder().resolve(ConvertedManifest.FILE_NAME);
        if (damaged.file().equals(ConvertedManifest.FILE_NAME)) {
            byte[] bytes = damaged.bytes();
            int tail = ",\"crc32c\":\"".length() + 8 + 3;
            if (bytes.length > tail) {
                CRC32C sum = new CRC32C();
                sum.update(bytes, 0, bytes.length - tail);
                String end = String.format(java.util.Locale.ROOT, ",\"crc32c\":\"%08x\"}\n", sum.getValue());
                byte[] right = Mutator.splice(
                        Arrays.copyOf(bytes, bytes.length - tail),
                        bytes.length - tail,
                        0,
                        end.getBytes(StandardCharsets.US_ASCII));
                Files.write(manifest, right);
            }
            return;
        }
        byte[] good = Files.readAllBytes(manifest);
        ConvertedManifest old = ConvertedManifest.read(damaged.folder());
        Files.delete(manifest);
        try {
            if (Files.isRegularFile(damaged.path())) {
                ConvertedManifest.describe(
                                damaged.folder(), List.copyOf(old.files().keySet()), old.precision(), old.source())
                        .write(damaged.folder());
            }
            readCheckpoint(damaged.folder());
        } finally {
            Files.write(manifest, good);
        }
    }

    private static Target config() throws IOException {
        List<Seed> seeds = new ArrayList<>(single(resources("checkpoint", "checkpoint"), "config.json"));
        seeds.addAll(single(resources("checkpoint", "checkpoint/configs"), ".json"));
        return new Target("config", seeds, true, 25, damaged -> PaliGemmaConfig.read(damaged.path()));
    }

    private static Target tokenizer() throws IOException {
        List<Seed> seeds = new ArrayList<>(single(resources("tokenizer", "dev/paligemma/tokenizer"), "gemma.json"));
        for (String model : List.of("pg1-sharded", "pg1-gqa-bf16")) {
            seeds.add(folder(Golden.of(model).folder(), name -> name.equals("tokenizer.json")));
        }
        seeds.addAll(single(resources("tokenizer", "dev/paligemma/tokenizer"), ".model"));
        return new Target("tokenizer", seeds, true, 8, damaged -> {
            PaliGemmaTokenizer tokenizer = PaliGemmaTokenizer.load(damaged.path());
            for (ControlTokens control : ControlTokens.values()) {
                int[] ids = tokenizer.encode("<image>detect a cat; \ud83d\ude00 <loc0001>\n\t  \u0000 <bos>", control);
                tokenizer.decode(ids, true);
                tokenizer.decode(ids, false);
            }
        });
    }

    private static Target processor() throws IOException {
        List<Seed> seeds = new ArrayList<>(single(resources("vision", "images/process"), ".json"));
        seeds.add(folder(Golden.of("pg1-sharded").folder(), name -> name.equals("preprocessor_config.json")));
        return new Target("processor", seeds, true, 20, damaged -> ImageProcessor.read(damaged.path()));
    }

    private static Target image() throws IOException {
        List<Seed> seeds = new ArrayList<>();
        for (String end : List.of(".png", ".jpg", ".gif", ".bmp", ".tif", ".webp")) {
            seeds.addAll(single(resources("vision", "images/decode"), end));
        }
        return new Target("image", seeds, false, 20, damaged -> {
            RgbImage image = RgbImage.read(damaged.bytes(), PICTURES);
            if ((long) image.width() * image.height() > PICTURES.maxPixels()) {
                throw new AssertionError(image + " is over the limit");
            }
        });
    }

    private static Target masks() throws IOException {
        List<Seed> seeds = new ArrayList<>();
        Path small = resources("checkpoint", "npz");
        Seed whole = zeros(TinyModel.folder().resolve("vae-oid.npz"));
        seeds.addAll(single(small, ".npz"));
        seeds.add(whole);
        seeds.add(whole);
        return new Target("masks", seeds, true, 1, damaged -> MaskCodec.read(damaged.path()));
    }

    /** The weights with every number 0, which is small. */
    private static Seed zeros(Path npz) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(Files.readAllBytes(npz)));
                ZipOutputStream out = new ZipOutputStream(bytes)) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                byte[] array = in.readAllBytes();
                int header = 10 + (array[8] & 0xff) + ((array[9] & 0xff) << 8);
                Arrays.fill(array, header, array.length, (byte) 0);
                out.putNextEntry(new ZipEntry(entry.getName()));
                out.write(array);
                out.closeEntry();
            }
        }
        return new Seed("zeros", Map.of("vae-oid.npz", bytes.toByteArray()), List.of("vae-oid.npz"));
    }

    private static Target adapter() throws IOException {
        Map<String, Checkpoint> bases = new LinkedHashMap<>();
        List<Seed> seeds = new ArrayList<>();
        for (AdapterGolden golden : AdapterGolden.all().toList()) {
            Seed seed = folder(golden.folder(), name -> name.startsWith("adapter_"));
            if (seed.size() < 60_000) {
                String base = golden.base().folder().getFileName().toString();
                bases.computeIfAbsent(base, name -> Networks.open(golden.base().folder()));
                Map<String, byte[]> files = new LinkedHashMap<>(seed.files());
                files.put("base.txt", base.getBytes(StandardCharsets.UTF_8));
                seeds.add(new Seed(seed.name(), files, seed.damaged()));
            }
        }
        return new Target("adapter", seeds, true, 8, damaged -> {
            String base = Files.readString(damaged.folder().resolve("base.txt"));
            LoraAdapter.open(damaged.folder(), bases.get(base)).changes();
        });
    }

    /** A cache that others have written, without a network. */
    private static Target hub() {
        String store = "models--owner--tiny/";
        String snapshot = store + "snapshots/" + COMMIT + "/";
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put(store + "refs/main", COMMIT.getBytes(StandardCharsets.UTF_8));
        files.put(snapshot + "config.json", "{}".getBytes(StandardCharsets.UTF_8));
        files.put(snapshot + "tokenizer.json", "{}".getBytes(StandardCharsets.UTF_8));
        files.put(snapshot + "preprocessor_config.json", "{}".getBytes(StandardCharsets.UTF_8));
        files.put(snapshot + "a-1.safetensors", new byte[16]);
        files.put(snapshot + "a-2.safetensors", new byte[16]);
        files.put(
                snapshot + "model.safetensors.index.json",
                "{\"metadata\": {\"total_size\": 32}, \"weight_map\": {\"a\": \"a-1.safetensors\", \"b\": \"a-2.safetensors\"}}"
                        .getBytes(StandardCharsets.UTF_8));
        List<String> damaged =
                List.of(store + "refs/main", snapshot + "model.safetensors.index.json", snapshot + "config.json");
        Map<Path, HubClient> clients = new ConcurrentHashMap<>();
        HubModel model = HubModel.parse("owner/tiny");
        Reader reader = each -> {
            HubClient client = clients.computeIfAbsent(
                    each.folder(),
                    folder -> HubClient.builder()
                            .cacheFolder(folder)
                            .offline(true)
                            .build());
            Path found = client.snapshot(model, FileSet.CHECKPOINT, DownloadListener.NONE);
            if (!found.toRealPath().startsWith(each.folder())) {
                throw new AssertionError(found + " is outside the cache");
            }
        };
        return new Target("hub", List.of(new Seed("cache", files, damaged)), true, 10, reader);
    }

    // Good files

    private static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(folder.resolve("paligemma-vision"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException("run this inside the source tree");
            }
        }
        return folder;
    }

    private static Path resources(String module, String folder) {
        return root().resolve("paligemma-" + module + "/src/test/resources").resolve(folder);
    }

    /** Each file with that end of its name, alone. */
    private static List<Seed> single(Path folder, String end) throws IOException {
        List<Seed> seeds = new ArrayList<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                String name = file.getFileName().toString();
                if (name.endsWith(end)) {
                    seeds.add(new Seed(name, Map.of(name, Files.readAllBytes(file)), List.of(name)));
                }
            }
        }
        if (seeds.isEmpty() && !end.equals(".webp")) {
            throw new IllegalStateException(folder + " has no file *" + end);
        }
        return seeds;
    }

    private static Seed folder(Path folder, Predicate<String> wanted) {
        Map<String, byte[]> files = new LinkedHashMap<>();
        try (Stream<Path> list = Files.list(folder)) {
            for (Path file : list.sorted().toList()) {
                String name = file.getFileName().toString();
                if (wanted.test(name)) {
                    files.put(name, Files.readAllBytes(file));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Seed(folder.getFileName().toString(), files, List.copyOf(files.keySet()));
    }

    private static void deleteAll(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
