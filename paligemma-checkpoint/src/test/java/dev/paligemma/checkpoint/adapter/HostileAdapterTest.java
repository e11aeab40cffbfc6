package dev.paligemma.checkpoint.adapter;

import static dev.paligemma.checkpoint.adapter.AdapterFolder.GATE;
import static dev.paligemma.checkpoint.adapter.AdapterFolder.PREFIX;

import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.TestNetwork;
import dev.paligemma.checkpoint.internal.convert.Sources;
import dev.paligemma.engine.weights.DType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever is in the files: an adapter that can be used, or the one exception that says why not. */
class HostileAdapterTest {
    private static final String[] TOKENS = {
        "-1",
        "0",
        "1",
        "18446744073709551616",
        "1e400",
        "null",
        "true",
        "{}",
        "[]",
        "[1]",
        "\"",
        "\"x\"",
        ",",
        ":",
        "(.*)*x",
        "lora_A",
        "lora_B",
        "weight",
        ".",
        "modules_to_save.",
        "base_layer",
        "F16",
        "I64",
        "NaN",
        " "
    };

    private static Path root;
    private static Path base;
    private static byte[] config;
    private static byte[] weights;

    @BeforeContainer
    static void write() throws IOException {
        root = Files.createTempDirectory("hostile");
        base = Sources.write(root.resolve("base"), DType.BF16, 1, true, 1);
        Path adapter = AdapterFolder.in(root.resolve("adapter"))
                .config("rank_pattern", "{\"q_proj\": 2}")
                .config("alpha_pattern", "{\".*gate_proj\": 3.5}")
                .config("trainable_token_indices", "{\"embed_tokens\": [3, 5]}")
                .config("bias", "\"lora_only\"")
                .config("use_rslora", "true")
                .lora(GATE, 300, 160)
                .tensor(PREFIX + "multi_modal_projector.linear.weight", 160, 136)
                .tensor(PREFIX + "vision_tower.post_layernorm.bias", 136)
                .tensor(PREFIX + "language_model.embed_tokens.token_adapter.trainable_tokens_delta", 2, 160)
                .write();
        config = Files.readAllBytes(adapter.resolve("adapter_config.json"));
        weights = Files.readAllBytes(adapter.resolve("adapter_model.safetensors"));
        use(adapter);
    }

    @AfterContainer
    static void delete() throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Property(tries = 200)
    void damagedConfig(@ForAll long seed) throws IOException {
        check(damage(config, config.length, new Random(seed)), weights);
    }

    @Property(tries = 200)
    void damagedWeights(@ForAll long seed) throws IOException {
        Random random = new Random(seed);
        check(config, damage(weights, random.nextInt(10) == 0 ? weights.length : 900, random));
    }

    private static void check(byte[] configBytes, byte[] weightBytes) throws IOException {
        Path folder = root.resolve("damaged");
        Files.createDirectories(folder);
        Files.write(folder.resolve("adapter_config.json"), configBytes);
        Files.write(folder.resolve("adapter_model.safetensors"), weightBytes);
        try {
            use(folder);
        } catch (AdapterException e) {
            // What is wanted: everything else fails the test.
        }
    }

    private static void use(Path folder) {
        try (Checkpoint checkpoint = TestNetwork.open(base)) {
            LoraAdapter.open(folder, checkpoint).changes();
        }
    }

    /** Changes a few places among the first bytes. */
    private static byte[] damage(byte[] good, int first, Random random) {
        byte[] bytes = good.clone();
        for (int edits = 1 + random.nextInt(3); edits > 0 && bytes.length > 0; edits--) {
            int at = random.nextInt(Math.min(first, bytes.length));
            byte[] token = TOKENS[random.nextInt(TOKENS.length)].getBytes(StandardCharsets.UTF_8);
            switch (random.nextInt(6)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt();
                case 2 -> bytes = Arrays.copyOf(bytes, at);
                case 3 -> bytes = splice(bytes, at, random.nextInt(8), new byte[0]);
                case 4 -> bytes = splice(bytes, at, random.nextInt(4), token);
                // The same length, so that the rest of the file keeps its place.
                default -> bytes = splice(bytes, at, token.length, token);
            }
        }
        return bytes;
    }

    private static byte[] splice(byte[] bytes, int at, int remove, byte[] insert) {
        int rest = Math.min(bytes.length, at + remove);
        byte[] out = Arrays.copyOf(bytes, at + insert.length + bytes.length - rest);
        System.arraycopy(insert, 0, out, at, insert.length);
        System.arraycopy(bytes, rest, out, at + insert.length, bytes.length - rest);
        return out;
    }
}
