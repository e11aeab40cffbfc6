package dev.paligemma.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.paligemma.Golden;
import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.engine.contract.ContractLedger;
import dev.paligemma.engine.contract.TestedEngine;
import dev.paligemma.engine.graph.Dim;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.graph.Shape;
import dev.paligemma.engine.graph.Tensor;
import dev.paligemma.engine.spi.DecodingState;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.spi.Program;
import dev.paligemma.network.internal.RotaryAngles;
import dev.paligemma.vision.ImageProcessor;
import dev.paligemma.vision.RgbImage;
import dev.paligemma.vision.SiglipEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every intermediate result that the definition marks equals that of transformers. */
@ExtendWith(ContractLedger.class)
public abstract class GoldenIntermediatesContract {
    /** The largest difference accepted, relative to the largest value of the tensor. */
    private static final double TOLERANCE = 1e-5;

    private final Engine engine = TestedEngine.of(getClass()).create();

    @ParameterizedTest
    @MethodSource("dev.paligemma.Golden#all")
    void imageEncoderAndProjectorEqualTransformersLayerByLayer(Golden golden) {
        try (Checkpoint checkpoint = Networks.open(golden.folder());
                Program program =
                        engine.compile(VisionGraph.record(checkpoint.config()).withMarksAsOutputs(), checkpoint)) {
            HostTensor input = pixelValues(golden);
            int images = (int) input.shape()[0];
            int patches = images * checkpoint.config().vision().patches();
            Map<String, HostTensor> outputs = allocate(program.graph(), Map.of("patches", (long) patches));
            program.run(Map.of(SiglipEncoder.PIXEL_VALUES, input), outputs);
            int compared = 0;
            for (String name : program.graph().marks().keySet()) {
                compared += compare(golden, name, outputs.get(name));
            }
            assertThat(compared).isGreaterThanOrEqualTo(golden.tensor("projector") == null ? 0 : 1);
        }
    }

    /** Java alone computes them, and Java's arithmetic is the same everywhere. */
    @ParameterizedTest
    @MethodSource("dev.paligemma.Golden#all")
    void pixelValuesEqualTheReferenceBitForBit(Golden golden) {
        float[] expected = golden.tensor("pixel_values");
        if (expected != null) {
            float[] got = new float[expected.length];
            pixelValues(golden).floats().get(got);
            assertThat(got).containsExactly(expected);
        }
    }

    @Test
    void almostAllCasesHoldPixelValuesAndLayers() throws IOException {
        assertThat(Golden.all().filter(golden -> golden.tensor("pixel_values") != null))
                .hasSizeGreaterThanOrEqualTo(13);
        assertThat(Golden.all().filter(golden -> golden.tensor("prefill.layers.0") != null))
                .hasSizeGreaterThanOrEqualTo(13);
    }

    private static HostTensor pixelValues(Golden golden) {
        Path saved = golden.folder().resolve("processor_config.json");
        ImageProcessor processor = ImageProcessor.read(
                Files.exists(saved) ? saved : golden.folder().resolve("preprocessor_config.json"));
        List<RgbImage> images = golden.requests().get(0).images();
        HostTensor tensor =
                HostTensor.allocate(ElementType.FLOAT32, images.size(), 3, processor.size(), processor.size());
        for (int image = 0; image < images.size(); image++) {
            processor.process(images.get(image)).copyTo(tensor.rows(image, 1).floats());
        }
        return tensor;
    }

    @ParameterizedTest
    @MethodSource("dev.paligemma.Golden#all")
    void decoderEqualsTransformersLayerByLayerInPrefillAndFirstStep(Golden golden) {
        float[] embeddings = golden.tensor("prefill.embeddings");
        if (embeddings == null || golden.toString().equals("bidirectional")) {
            return;
        }
        try (Decoder decoder = new Decoder(engine, golden)) {
            Map<String, HostTensor> prefill = decoder.runEmbedded(embeddings);
            int compared = 0;
            for (String name : decoder.program.graph().marks().keySet()) {
                if (!name.equals("norm")) {
                    compared += compare(golden, "prefill." + name, prefill.get(name));
                }
            }
            compared += compare(golden, "prefill.logits", prefill.get(GemmaDecoder.LOGITS));
            assertThat(compared).isGreaterThanOrEqualTo(2);

            Map<String, HostTensor> step =
                    decoder.runToken(golden.requests().get(0).tokenIds().get(0));
            for (int layer = 0; layer < decoder.layers; layer++) {
                compare(golden, "decode0.layers." + layer, step.get("layers." + layer));
            }
            assertThat(compare(golden, "decode0.logits", step.get(GemmaDecoder.LOGITS)))
                    .isEqualTo(1);
        }
    }

    @Test
    void changingTheLastWordOfThePromptChangesTheImagePositions() {
        Golden golden = Golden.of("bidirectional");
        int images = golden.requests().get(0).imageTokens();
        float[][] seen = new float[2][];
        for (int prompt = 0; prompt < 2; prompt++) {
            String suffix = prompt == 0 ? ".a" : ".b";
            try (Decoder decoder = new Decoder(engine, golden)) {
                Map<String, HostTensor> outputs = decoder.runEmbedded(required(golden, "prefill.embeddings" + suffix));
                String last = "layers." + (decoder.layers - 1);
                HostTensor hidden = Objects.requireNonNull(outputs.get(last));
                assertThat(compare(golden, "prefill." + last + suffix, hidden)).isEqualTo(1);
                seen[prompt] = new float[images * (int) hidden.shape()[1]];
                hidden.floats().get(seen[prompt]);
            }
        }
        // The embeddings of these positions are equal in both prompts and lie before the word that differs, so under a
        // causal mask the two would be the same.
        double largest = 0;
        for (int i = 0; i < seen[0].length; i++) {
            largest = Math.max(largest, Math.abs(seen[0][i] - seen[1][i]));
        }
        assertThat(largest).isGreaterThan(1e-3);
    }

    @Test
    void logitsAreNotCappedWhenThatIsSwitchedOff() {
        Golden golden = Golden.of("pg2-softcap");
        float[] capped = required(golden, "prefill.logits");
        try (Decoder decoder =
                new Decoder(engine, golden, DecoderOptions.defaults().withoutFinalSoftcap())) {
            double cap = decoder.checkpoint.config().text().finalLogitSoftcap();
            Map<String, HostTensor> outputs = decoder.runEmbedded(required(golden, "prefill.embeddings"));
            float[] raw = new float[capped.length];
            Objects.requireNonNull(outputs.get(GemmaDecoder.LOGITS)).floats().get(raw);
            assertThat(cap).isEqualTo(5);
            for (int i = 0; i < raw.length; i++) {
                assertThat(cap * Math.tanh(raw[i] / cap)).isCloseTo(capped[i], within(1e-4));
            }
        }
    }

    /** A decoder whose rows are fed as if all of them were image embeddings. */
    private static final class Decoder implements AutoCloseable {
        private final Checkpoint checkpoint;
        private final Program program;
        private final DecodingState state;
        private final int layers;
        private final long width;

        Decoder(Engine engine, Golden golden) {
            this(engine, golden, DecoderOptions.defaults());
        }

        Decoder(Engine engine, Golden golden, DecoderOptions options) {
            checkpoint = Networks.open(golden.folder());
            layers = checkpoint.config().text().sizes().layers();
            width = checkpoint.config().text().sizes().hiddenSize();
            program = engine.compile(
                    GemmaDecoder.record(checkpoint.config().text(), options).withMarksAsOutputs(), checkpoint);
            state = program.newState(4);
        }

        Map<String, HostTensor> runEmbedded(float[] embeddings) {
            int rows = (int) (embeddings.length / width);
            HostTensor images = HostTensor.allocate(ElementType.FLOAT32, rows, width);
            images.floats().put(embeddings);
            return run(images, HostTensor.ofLongs(), rows);
        }

        Map<String, HostTensor> runToken(int token) {
            return run(HostTensor.allocate(ElementType.FLOAT32, 0, width), HostTensor.ofLongs(token), 1);
        }

        private Map<String, HostTensor> run(HostTensor images, HostTensor ids, int rows) {
            int pairs = checkpoint.config().text().sizes().headDim() / 2;
            HostTensor cos = HostTensor.allocate(ElementType.FLOAT32, rows, pairs);
            HostTensor sin = HostTensor.allocate(ElementType.FLOAT32, rows, pairs);
            new RotaryAngles(2 * pairs, checkpoint.config().text().attention().ropeTheta())
                    .write(1 + state.length(0), rows, cos.floats(), sin.floats());
            long[] order = java.util.stream.LongStream.range(0, rows).toArray();
            Map<String, HostTensor> inputs = new HashMap<>();
            inputs.put(GemmaDecoder.IMAGE_EMBEDDINGS, images);
            inputs.put(GemmaDecoder.TOKEN_IDS, ids);
            inputs.put(GemmaDecoder.ORDER, HostTensor.ofLongs(order));
            inputs.put(GemmaDecoder.ENDS, HostTensor.ofLongs(rows - 1));
            inputs.put(GemmaDecoder.ROTARY_COS, cos);
            inputs.put(GemmaDecoder.ROTARY_SIN, sin);
            Map<String, HostTensor> outputs = allocate(program.graph(), Map.of("tokens", (long) rows, "sequences", 1L));
            state.run(inputs, outputs);
            return outputs;
        }

        @Override
        public void close() {
            state.close();
            program.close();
            checkpoint.close();
        }
    }

    private static Map<String, HostTensor> allocate(Graph graph, Map<String, Long> symbols) {
        Map<String, HostTensor> outputs = new LinkedHashMap<>();
        for (Map.Entry<String, Tensor> output : graph.outputs().entrySet()) {
            Shape shape = output.getValue().shape();
            long[] sizes = shape.dims().stream()
                    .mapToLong((Dim dim) -> dim.isFixed() ? dim.size() : symbols.get(dim.symbol()))
                    .toArray();
            outputs.put(output.getKey(), HostTensor.allocate(output.getValue().type(), sizes));
        }
        return outputs;
    }

    private static float[] required(Golden golden, String name) {
        return Objects.requireNonNull(golden.tensor(name), name);
    }

    /** Compares with the recorded tensor; gives 1 if there is one, else 0. */
    private static int compare(Golden golden, String name, HostTensor actual) {
        float[] expected = golden.tensor(name);
        if (expected == null) {
            return 0;
        }
        float[] got = new float[actual.floats().remaining()];
        actual.floats().get(got);
        assertThat(got).as(name).hasSameSizeAs(expected);
        double scale = 0;
        double difference = 0;
        for (int i = 0; i < got.length; i++) {
            scale = Math.max(scale, Math.abs(expected[i]));
            difference = Math.max(difference, Math.abs((double) expected[i] - got[i]));
        }
        assertThat(difference / scale)
                .as("%s of %s, relative to %s", name, golden, scale)
                .isLessThan(TOLERANCE);
        return 1;
    }
}
