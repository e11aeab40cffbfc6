package dev.paligemma.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.paligemma.checkpoint.Checkpoint;
import dev.paligemma.checkpoint.config.TextConfig;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.Engines;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.training.FrozenFormat;
import dev.paligemma.engine.training.RowLosses;
import dev.paligemma.engine.training.SequenceRows;
import dev.paligemma.engine.training.TrainingBatch;
import dev.paligemma.engine.training.TrainingEngine;
import dev.paligemma.engine.training.TrainingOptions;
import dev.paligemma.engine.training.TrainingProgram;
import dev.paligemma.engine.training.UpdateRule;
import dev.paligemma.network.DecoderOptions;
import dev.paligemma.network.GemmaDecoder;
import dev.paligemma.network.Networks;
import dev.paligemma.network.internal.RotaryAngles;
import dev.paligemma.training.recipe.Tower;
import dev.paligemma.training.internal.network.LowRank;
import dev.paligemma.training.internal.network.TargetModules;
import dev.paligemma.training.internal.network.Trained;
import dev.paligemma.training.internal.network.TrainingNetwork;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * Trains LoRA on all projections of a decoder for some steps on random rows, and prints what they took: one JSON object per
 * line on standard output, {@code ready} when the program is there, {@code step} after each step and update. The
 * transformers side, {@code run_peft.py}, prints the same.
 */
public final class TrainingRun {
    private static final JsonFactory JSON = new JsonFactory();
    private static final List<String> PROJECTIONS =
            List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj");

    private TrainingRun() {}

    /**
     * Runs the program.
     *
     * @param args {@code --checkpoint DIR --batch N --prompt ROWS --suffix ROWS --rank N --steps N --threads N --frozen FORMAT
     *     --recompute BOOLEAN [--device NAME]}
     * @throws IOException if the memory of the process cannot be read
     */
    public static void main(String[] args) throws IOException {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            options.put(args[i].substring(2), args[i + 1]);
        }
        int batch = Integer.parseInt(options.get("batch"));
        int rank = Integer.parseInt(options.get("rank"));
        long start = System.nanoTime();
        try (Checkpoint base = Networks.open(Path.of(options.get("checkpoint")))) {
            Networks networks = Networks.record(base.config(), DecoderOptions.defaults());
            Set<String> modules = TargetModules.find(networks.all(), PROJECTIONS, Set.of(Tower.DECODER));
            LowRank lowRank = LowRank.of(modules, new LowRank.Size(rank, 2.0 * rank), false, false, 0);
            TrainingNetwork network = TrainingNetwork.of(networks, base, new Trained(lowRank, Set.of(), List.of()));
            TrainingOptions training = TrainingOptions.defaults()
                    .withFrozen(FrozenFormat.valueOf(options.get("frozen").toUpperCase(Locale.ROOT)))
                    .withRecompute(Boolean.parseBoolean(options.get("recompute")));
            EngineOptions engine = new EngineOptions(
                    Device.parse(options.getOrDefault("device", "cpu")),
                    Precision.FLOAT32,
                    Integer.parseInt(options.get("threads")));
            TrainingEngine pytorch = TrainingEngine.of(Engines.create("pytorch", engine));
            try (TrainingProgram program =
                    pytorch.compileTraining(network.graph(), base, network.parts(), training)) {
                network.writeStart(program, base, 1, null);
                event("ready", start, Map.of());
                TrainingBatch rows = batch(
                        base.config().text(),
                        batch,
                        base.config().vision().patches(),
                        Integer.parseInt(options.get("prompt")),
                        Integer.parseInt(options.get("suffix")));
                for (int i = 0; i < Integer.parseInt(options.get("steps")); i++) {
                    long begin = System.nanoTime();
                    RowLosses losses = program.step(rows);
                    double norm = program.update(new UpdateRule.AdamW(1e-4, 0.9, 0.999, 1e-8, 0, 1, i + 1L));
                    double loss = 0;
                    for (float each : losses.losses()) {
                        loss += each / losses.rows();
                    }
                    event("step", begin, Map.of("loss", loss, "norm", norm));
                }
            }
        }
    }

    /** Sequences of an image, a prompt and a suffix, of random rows and tokens. */
    private static TrainingBatch batch(TextConfig config, int batch, int images, int prompt, int suffix) {
        int prefix = images + prompt;
        int rows = prefix + suffix;
        int width = config.sizes().hiddenSize();
        int pairs = config.sizes().headDim() / 2;
        Random random = new Random(1);
        HostTensor pictures = HostTensor.allocate(ElementType.FLOAT32, (long) batch * images, width);
        for (FloatBuffer values = pictures.floats(); values.hasRemaining(); ) {
            values.put((float) random.nextGaussian());
        }
        HostTensor ids = HostTensor.allocate(ElementType.INT64, (long) batch * (prompt + suffix));
        HostTensor order = HostTensor.allocate(ElementType.INT64, (long) batch * rows);
        HostTensor ends = HostTensor.allocate(ElementType.INT64, (long) batch * suffix);
        HostTensor targets = HostTensor.allocate(ElementType.INT64, (long) batch * suffix);
        HostTensor factors = HostTensor.allocate(ElementType.FLOAT32, (long) batch * suffix);
        HostTensor cos = HostTensor.allocate(ElementType.FLOAT32, (long) batch * rows, pairs);
        HostTensor sin = HostTensor.allocate(ElementType.FLOAT32, (long) batch * rows, pairs);
        LongBuffer places = order.longs();
        LongBuffer last = ends.longs();
        FloatBuffer cosines = cos.floats();
        FloatBuffer sines = sin.floats();
        RotaryAngles rotary = new RotaryAngles(
                config.sizes().headDim(), config.attention().ropeTheta());
        for (int i = 0; i < batch; i++) {
            for (int row = 0; row < rows; row++) {
                boolean image = row < images;
                places.put(image ? i * images + row : batch * images + i * (prompt + suffix) + row - images);
                if (row >= prefix - 1 && row < rows - 1) {
                    last.put((long) i * rows + row);
                }
            }
            rotary.write(1, rows, cosines, sines);
        }
        fill(ids.longs(), random, config.sizes().vocabSize());
        fill(targets.longs(), random, config.sizes().vocabSize());
        for (FloatBuffer values = factors.floats(); values.hasRemaining(); ) {
            values.put(1f / values.limit());
        }
        return new TrainingBatch(
                Map.of(
                        GemmaDecoder.IMAGE_EMBEDDINGS, pictures,
                        GemmaDecoder.TOKEN_IDS, ids,
                        GemmaDecoder.ORDER, order,
                        GemmaDecoder.ENDS, ends,
                        GemmaDecoder.ROTARY_COS, cos,
                        GemmaDecoder.ROTARY_SIN, sin),
                targets,
                factors,
                Collections.nCopies(batch, new SequenceRows(rows, prefix)),
                0);
    }

    private static void fill(LongBuffer ids, Random random, int tokens) {
        while (ids.hasRemaining()) {
            ids.put(5 + random.nextInt(tokens - 10));
        }
    }

    private static void event(String name, long since, Map<String, Double> numbers) throws IOException {
        StringWriter line = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(line)) {
            json.writeStartObject();
            json.writeStringField("event", name);
            json.writeNumberField("seconds", (System.nanoTime() - since) / 1e9);
            for (Map.Entry<String, Double> number : numbers.entrySet()) {
                json.writeNumberField(number.getKey(), number.getValue());
            }
            json.writeFieldName("memory");
            ProcessMemory.now().writeTo(json);
            json.writeEndObject();
        }
        System.out.println(line);
    }
}
