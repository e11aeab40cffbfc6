import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.Precision;
import dev.paligemma.generation.Agreement;
import dev.paligemma.generation.GenerationRequest;
import dev.paligemma.generation.GenerationResult;
import dev.paligemma.generation.Timings;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Checks a device: do answers there equal those of the reference and of the CPU, and how fast are they at real sizes?
 *
 * <p>One source file that a JDK runs as it is, with nothing but the runnable archive on the class path; README.md says how.
 * The weights for the timing are random, of the sizes of PaliGemma 3B at 224 pixels, and are made in a temporary folder.
 */
public final class GpuCheck {
    private static final double LOG_PROBABILITY_TOLERANCE = 5e-4;

    private GpuCheck() {}

    /**
     * Runs the check; ends with exit code 1 if answers differ.
     *
     * @param args {@code [--device cuda:0] [--golden DIR] [--work DIR] [--layers N] [--tokens N] [--precisions a,b]}
     * @throws IOException if a file cannot be read or written
     */
    public static void main(String[] args) throws IOException {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            options.put(args[i], args[i + 1]);
        }
        Device device = Device.parse(options.getOrDefault("--device", "cuda:0"));
        boolean same = sameAsOnTheCpu(device);
        if (options.containsKey("--golden")) {
            same &= sameAsGolden(device, Path.of(options.get("--golden")));
        }
        int tokens = Integer.parseInt(options.getOrDefault("--tokens", "128"));
        int layers = Integer.parseInt(options.getOrDefault("--layers", "0"));
        Path work = options.containsKey("--work")
                ? Files.createDirectories(Path.of(options.get("--work")))
                : Files.createTempDirectory("paligemma-gpu");
        Path checkpoint = new RandomCheckpoint(layers == 0 ? 18 : layers, layers == 0 ? 27 : layers).write(work);
        for (String precision : options.getOrDefault("--precisions", "bfloat16,float32").split(",")) {
            time(device, Precision.parse(precision), checkpoint, tokens);
        }
        System.out.println(same ? "PARITY ok" : "PARITY FAILED");
        if (!same) {
            System.exit(1);
        }
    }

    private static PaliGemmaPipeline open(Device device, Precision precision, Path folder) {
        return PaliGemmaPipeline.builder()
                .engine("pytorch")
                .device(device)
                .precision(precision)
                .checkpoint(folder)
                .build();
    }

    /** The bundled model: float32 on the device against ONNX Runtime on the CPU, then bfloat16 against that. */
    private static boolean sameAsOnTheCpu(Device device) throws IOException {
        RgbImage image = RgbImage.read(TinyModel.picture());
        List<String> prompts = List.of("caption en", "ocr", "answer en what word is written?", "detect word");
        try (PaliGemmaPipeline reference = PaliGemmaPipeline.load(TinyModel.folder())) {
            boolean same;
            try (PaliGemmaPipeline exact = open(device, Precision.FLOAT32, TinyModel.folder())) {
                same = true;
                double worst = 0;
                for (String prompt : prompts) {
                    GenerationRequest request = GenerationRequest.of(image, prompt);
                    GenerationResult expected = reference.generate(request);
                    GenerationResult got = exact.generate(request);
                    same &= Arrays.equals(expected.tokenIds(), got.tokenIds());
                    worst = Math.max(worst, difference(expected.logProbabilities(), got.logProbabilities()));
                }
                same &= worst < LOG_PROBABILITY_TOLERANCE;
                System.out.printf(
                        Locale.ROOT,
                        "bundled model, float32 on %s against onnx on cpu: %s, log-probabilities within %.2e%n",
                        device,
                        same ? "same tokens" : "DIFFERENT",
                        worst);
            }
            try (PaliGemmaPipeline rounded = open(device, Precision.BFLOAT16, TinyModel.folder())) {
                Agreement total =
                        reference.compare(rounded, List.of(image), prompts).total();
                System.out.println("bundled model, bfloat16 on " + device + " against float32: " + total);
            }
            return same;
        }
    }

    /** Stored answers of transformers, see src/reference/README.md. */
    private static boolean sameAsGolden(Device device, Path golden) throws IOException {
        boolean same = true;
        int requests = 0;
        double worst = 0;
        try (Stream<Path> folders = Files.list(golden)) {
            for (Path folder : folders.sorted().toList()) {
                try (PaliGemmaPipeline pipeline = open(device, Precision.FLOAT32, folder)) {
                    for (Object entry : (List<?>) json(folder.resolve("golden.json")).get("requests")) {
                        Map<?, ?> expected = (Map<?, ?>) entry;
                        List<RgbImage> images = ((List<?>) expected.get("images"))
                                .stream()
                                        .map(name -> RgbImage.read(folder.resolve((String) name)))
                                        .toList();
                        GenerationResult got = pipeline.generate(GenerationRequest.builder()
                                .images(images)
                                .prompt((String) expected.get("prompt"))
                                .maxNewTokens(((Number) expected.get("maxNewTokens")).intValue())
                                .build());
                        double[] ids = numbers(expected.get("tokenIds"));
                        boolean equal = Arrays.equals(
                                ids, Arrays.stream(got.tokenIds()).asDoubleStream().toArray());
                        if (equal) {
                            double[] logprobs = got.logProbabilities();
                            double[] wanted = numbers(expected.get("logprobs"));
                            for (int i = 0; i < wanted.length; i++) {
                                worst = Math.max(worst, Math.abs(wanted[i] - logprobs[i]));
                            }
                        } else {
                            System.out.println("DIFFERENT tokens: " + folder.getFileName() + ", " + expected.get("prompt"));
                        }
                        same &= equal;
                        requests++;
                    }
                }
            }
        }
        same &= worst < LOG_PROBABILITY_TOLERANCE;
        System.out.printf(
                Locale.ROOT,
                "transformers' answers, float32 on %s: %d requests, %s, log-probabilities within %.2e%n",
                device,
                requests,
                same ? "all equal" : "NOT EQUAL",
                worst);
        return same;
    }

    private static void time(Device device, Precision precision, Path checkpoint, int tokens) throws IOException {
        RgbImage image = RgbImage.read(TinyModel.picture());
        long start = System.nanoTime();
        try (PaliGemmaPipeline pipeline = open(device, precision, checkpoint)) {
            double load = (System.nanoTime() - start) / 1e9;
            GenerationRequest request = GenerationRequest.builder()
                    .image(image)
                    .prompt("caption en 123")
                    .maxNewTokens(tokens)
                    .build();
            for (int warmUp = 0; warmUp < 3; warmUp++) {
                pipeline.generate(request);
            }
            List<Timings> timings = new ArrayList<>();
            int written = 0;
            for (int run = 0; run < 5; run++) {
                GenerationResult result = pipeline.generate(request);
                timings.add(result.timings());
                written = result.tokenIds().length;
            }
            double vision = median(timings.stream().map(Timings::visionMs).toList());
            double prefill = median(timings.stream().map(Timings::prefillMs).toList());
            double decode = median(timings.stream().map(Timings::decodeMs).toList()) / Math.max(1, written - 1);
            double pre = median(timings.stream().map(Timings::preprocessMs).toList());
            System.out.printf(
                    Locale.ROOT,
                    "random 3B-224, %s on %s: load %.1f s; first token %.1f ms (image %.1f, vision %.1f, prompt %.1f); "
                            + "%.2f ms a token, %.0f tokens/s (%d tokens)%n",
                    precision,
                    device,
                    load,
                    pre + vision + prefill,
                    pre,
                    vision,
                    prefill,
                    decode,
                    1000 / decode,
                    written);
        }
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    private static double difference(double[] a, double[] b) {
        double worst = a.length == b.length ? 0 : Double.POSITIVE_INFINITY;
        for (int i = 0; i < Math.min(a.length, b.length); i++) {
            worst = Math.max(worst, Math.abs(a[i] - b[i]));
        }
        return worst;
    }

    private static double[] numbers(Object list) {
        return ((List<?>) list)
                .stream().mapToDouble(number -> ((Number) number).doubleValue()).toArray();
    }

    private static Map<?, ?> json(Path file) throws IOException {
        try (JsonParser parser = new JsonFactory().createParser(file.toFile())) {
            parser.nextToken();
            return (Map<?, ?>) value(parser);
        }
    }

    private static Object value(JsonParser parser) throws IOException {
        JsonToken token = parser.currentToken();
        if (token == JsonToken.START_OBJECT) {
            Map<String, Object> map = new LinkedHashMap<>();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String key = parser.currentName();
                parser.nextToken();
                map.put(key, value(parser));
            }
            return map;
        }
        if (token == JsonToken.START_ARRAY) {
            List<Object> list = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                list.add(value(parser));
            }
            return list;
        }
        return token.isNumeric() ? parser.getNumberValue() : token.isScalarValue() ? parser.getText() : null;
    }

    /** Writes a checkpoint of PaliGemma 3B at 224 pixels in bfloat16 with random weights, always the same. */
    private record RandomCheckpoint(int layers, int visionLayers) {
        private static final int VOCABULARY = 257216;
        private static final int WIDTH = 2048;
        private static final int INNER = 16384;
        private static final int VISION_WIDTH = 1152;
        private static final int VISION_INNER = 4304;
        private static final int POOL = 1 << 20;

        Path write(Path work) throws IOException {
            Path folder = Files.createDirectories(work.resolve("random-" + layers + "-" + visionLayers));
            Path weights = folder.resolve("model.safetensors");
            if (!Files.exists(weights)) {
                Path part = folder.resolve("model.part");
                writeWeights(part);
                Files.move(part, weights);
            }
            Files.writeString(folder.resolve("config.json"), """
                    {"model_type": "paligemma", "image_token_index": 257152, "bos_token_id": 2, "eos_token_id": 1,
                     "pad_token_id": 0, "hidden_size": 2048, "projection_dim": 2048, "vocab_size": 257216,
                     "text_config": {"model_type": "gemma", "hidden_size": 2048, "intermediate_size": 16384,
                       "num_attention_heads": 8, "num_hidden_layers": %d, "num_key_value_heads": 1, "vocab_size": 257216},
                     "vision_config": {"model_type": "siglip_vision_model", "hidden_size": 1152, "intermediate_size": 4304,
                       "num_attention_heads": 16, "num_hidden_layers": %d, "patch_size": 14, "image_size": 224}}
                    """.formatted(layers, visionLayers));
            Files.writeString(folder.resolve("preprocessor_config.json"), """
                    {"size": {"height": 224, "width": 224}, "resample": 3, "rescale_factor": 0.00392156862745098,
                     "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "do_resize": true, "do_rescale": true,
                     "do_normalize": true, "image_seq_length": 256, "processor_class": "PaliGemmaProcessor",
                     "image_processor_type": "SiglipImageProcessor"}
                    """);
            writeTokenizer(folder.resolve("tokenizer.json"));
            return folder;
        }

        private Map<String, long[]> tensors() {
            Map<String, long[]> all = new LinkedHashMap<>();
            String tower = "vision_tower.vision_model.";
            all.put(tower + "embeddings.patch_embedding.weight", new long[] {VISION_WIDTH, 3, 14, 14});
            all.put(tower + "embeddings.patch_embedding.bias", new long[] {VISION_WIDTH});
            all.put(tower + "embeddings.position_embedding.weight", new long[] {256, VISION_WIDTH});
            for (int i = 0; i < visionLayers; i++) {
                String layer = tower + "encoder.layers." + i + ".";
                for (String norm : List.of("layer_norm1", "layer_norm2")) {
                    all.put(layer + norm + ".weight", new long[] {VISION_WIDTH});
                    all.put(layer + norm + ".bias", new long[] {VISION_WIDTH});
                }
                for (String projection : List.of("q_proj", "k_proj", "v_proj", "out_proj")) {
                    affine(all, layer + "self_attn." + projection, VISION_WIDTH, VISION_WIDTH);
                }
                affine(all, layer + "mlp.fc1", VISION_INNER, VISION_WIDTH);
                affine(all, layer + "mlp.fc2", VISION_WIDTH, VISION_INNER);
            }
            all.put(tower + "post_layernorm.weight", new long[] {VISION_WIDTH});
            all.put(tower + "post_layernorm.bias", new long[] {VISION_WIDTH});
            affine(all, "multi_modal_projector.linear", WIDTH, VISION_WIDTH);
            String text = "language_model.model.";
            all.put(text + "embed_tokens.weight", new long[] {VOCABULARY, WIDTH});
            for (int i = 0; i < layers; i++) {
                String layer = text + "layers." + i + ".";
                all.put(layer + "input_layernorm.weight", new long[] {WIDTH});
                all.put(layer + "post_attention_layernorm.weight", new long[] {WIDTH});
                all.put(layer + "self_attn.q_proj.weight", new long[] {WIDTH, WIDTH});
                all.put(layer + "self_attn.k_proj.weight", new long[] {256, WIDTH});
                all.put(layer + "self_attn.v_proj.weight", new long[] {256, WIDTH});
                all.put(layer + "self_attn.o_proj.weight", new long[] {WIDTH, WIDTH});
                all.put(layer + "mlp.gate_proj.weight", new long[] {INNER, WIDTH});
                all.put(layer + "mlp.up_proj.weight", new long[] {INNER, WIDTH});
                all.put(layer + "mlp.down_proj.weight", new long[] {WIDTH, INNER});
            }
            all.put(text + "norm.weight", new long[] {WIDTH});
            return all;
        }

        private static void affine(Map<String, long[]> all, String name, long out, long in) {
            all.put(name + ".weight", new long[] {out, in});
            all.put(name + ".bias", new long[] {out});
        }

        private void writeWeights(Path file) throws IOException {
            StringBuilder header = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
            long offset = 0;
            for (Map.Entry<String, long[]> tensor : tensors().entrySet()) {
                long end = offset + 2 * LongStream.of(tensor.getValue()).reduce(1, (a, b) -> a * b);
                header.append(",\"").append(tensor.getKey()).append("\":{\"dtype\":\"BF16\",\"shape\":");
                header.append(Arrays.toString(tensor.getValue()).replace(" ", ""));
                header.append(",\"data_offsets\":[" + offset + "," + end + "]}");
                offset = end;
            }
            header.append('}');
            while (header.length() % 8 != 0) {
                header.append(' ');
            }
            SplittableRandom random = new SplittableRandom(1);
            ByteBuffer pool = ByteBuffer.allocate(4 * POOL).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < 2 * POOL; i++) {
                // The sum of four uniform numbers is normal enough.
                double sum = random.nextDouble() + random.nextDouble() + random.nextDouble() + random.nextDouble() - 2;
                pool.putShort((short) (Float.floatToRawIntBits((float) (0.035 * sum)) >>> 16));
            }
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20)) {
                DataOutputStream data = new DataOutputStream(out);
                data.writeLong(Long.reverseBytes(header.length()));
                data.write(header.toString().getBytes(StandardCharsets.US_ASCII));
                for (Map.Entry<String, long[]> tensor : tensors().entrySet()) {
                    boolean row = tensor.getKey().endsWith("norm1.weight") || tensor.getKey().endsWith("norm2.weight");
                    long bytes = 2 * LongStream.of(tensor.getValue()).reduce(1, (a, b) -> a * b);
                    for (long done = 0; done < bytes; ) {
                        int count = (int) Math.min(2L * POOL, bytes - done);
                        if (row || tensor.getKey().endsWith("post_layernorm.weight")) {
                            for (int i = 0; i < count / 2; i++) {
                                data.writeShort(Short.reverseBytes((short) 0x3f80)); // one
                            }
                        } else {
                            data.write(pool.array(), 2 * random.nextInt(POOL), count);
                        }
                        done += count;
                    }
                }
            }
        }

        /** A vocabulary of the right size; it merges nothing, so that a prompt has a token for each letter. */
        private static void writeTokenizer(Path file) throws IOException {
            List<String> pieces = new ArrayList<>(List.of("<pad>", "<eos>", "<bos>", "<unk>", "<mask>"));
            IntStream.range(0, 256)
                    .forEach(b -> pieces.add(b == 9 ? "\\t" : String.format(Locale.ROOT, "<0x%02X>", b)));
            pieces.add("\\n");
            pieces.add("\u2581");
            IntStream.range(33, 127)
                    .mapToObj(c -> c == '"' || c == '\\' ? "\\" + (char) c : String.valueOf((char) c))
                    .forEach(pieces::add);
            while (pieces.size() < 256000) {
                pieces.add("filler" + pieces.size());
            }
            IntStream.range(0, 1024).forEach(i -> pieces.add(String.format(Locale.ROOT, "<loc%04d>", i)));
            IntStream.range(0, 128).forEach(i -> pieces.add(String.format(Locale.ROOT, "<seg%03d>", i)));
            try (Writer out = Files.newBufferedWriter(file)) {
                out.write("{\"version\":\"1.0\",\"added_tokens\":[");
                for (int id = 0; id < 4; id++) {
                    out.write(added(id, pieces.get(id)) + ",");
                }
                out.write(added(257152, "<image>") + "],");
                out.write("\"normalizer\":{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\u2581\"},");
                out.write("\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\" \"},"
                        + "\"behavior\":\"MergedWithPrevious\",\"invert\":false},");
                out.write("\"post_processor\":null,\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\","
                        + "\"pattern\":{\"String\":\"\u2581\"},\"content\":\" \"},{\"type\":\"ByteFallback\"},"
                        + "{\"type\":\"Fuse\"}]},");
                out.write("\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<unk>\",\"fuse_unk\":true,"
                        + "\"byte_fallback\":true,\"vocab\":{");
                for (int id = 0; id < pieces.size(); id++) {
                    out.write((id == 0 ? "\"" : ",\"") + pieces.get(id) + "\":" + id);
                }
                out.write("},\"merges\":[]}}");
            }
        }

        private static String added(int id, String content) {
            return "{\"id\":" + id + ",\"content\":\"" + content + "\",\"single_word\":false,\"lstrip\":false,"
                    + "\"rstrip\":false,\"normalized\":false,\"special\":true}";
        }
    }
}
