package dev.paligemma.cli.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.catalog.KnownModel;
import dev.paligemma.catalog.KnownModels;
import dev.paligemma.catalog.ModelSize;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.cli.JsonText;
import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.machine.MainMemory;
import dev.paligemma.engine.machine.NvidiaDriver;
import dev.paligemma.engine.machine.Processor;
import dev.paligemma.engine.spi.DeviceMemory;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.EngineProvider;
import dev.paligemma.tiny.TinyModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What {@code info} says about machines that are not this one. */
class MemoryFactsTest {
    private static final PaliGemmaConfig TINY =
            PaliGemmaConfig.read(TinyModel.folder().resolve("config.json"));
    private static final long GB = 1_000_000_000;

    private static final EngineFacts ONNX = new EngineFacts(
            "onnx",
            "1.2.3",
            null,
            Map.of(Device.Kind.CPU, EnumSet.of(Precision.FLOAT32, Precision.INT8, Precision.INT4)),
            List.of());

    private static EngineFacts pytorch(DeviceMemory... gpus) {
        Set<Precision> precisions = EnumSet.of(Precision.FLOAT32, Precision.BFLOAT16);
        return new EngineFacts(
                "pytorch",
                "2.7.1",
                null,
                Map.of(Device.Kind.CPU, precisions, Device.Kind.CUDA, precisions),
                List.of(gpus));
    }

    private static MachineFacts machine(long freeBytes, long maxDirectBytes, EngineFacts... engines) {
        return new MachineFacts(
                8,
                new Processor("", Set.of()),
                new MainMemory(freeBytes, 16 * GB, true),
                maxDirectBytes,
                null,
                List.of(engines));
    }

    private static List<String> rows(Precision stored, MachineFacts machine) {
        return MemoryFacts.of(TINY, stored, machine)
                .facts()
                .text()
                .lines()
                .dropWhile(line -> line.startsWith("WARNING"))
                .skip(1)
                .map(line -> line.strip().replaceAll(" +", " "))
                .toList();
    }

    @Test
    void everyGpuHasItsOwnFreeMemory() {
        EngineFacts gpus = pytorch(
                new DeviceMemory(Device.cuda(0), "one", 20 * GB, 24 * GB),
                new DeviceMemory(Device.cuda(1), "other", GB / 10, 24 * GB));

        assertThat(rows(Precision.FLOAT32, machine(8 * GB, GB, ONNX, gpus)))
                .containsExactly(
                        "float32 cpu onnx 0.31 GB 8.00 GB yes",
                        "float32 cuda:0 pytorch 0.31 GB 20.00 GB yes",
                        "float32 cuda:1 pytorch 0.31 GB 0.10 GB no",
                        "bfloat16 cpu pytorch 0.30 GB 8.00 GB yes",
                        "bfloat16 cuda:0 pytorch 0.30 GB 20.00 GB yes",
                        "bfloat16 cuda:1 pytorch 0.30 GB 0.10 GB no",
                        "int8 cpu onnx 0.30 GB 8.00 GB yes",
                        "int4 cpu onnx 0.30 GB 8.00 GB yes");
    }

    @Test
    void saysWhichEngineIsMissing() {
        assertThat(rows(Precision.FLOAT32, machine(8 * GB, GB, ONNX)))
                .contains("bfloat16 cpu pytorch 0.30 GB 8.00 GB yes; no engine pytorch for it on the class path");
    }

    @Test
    void aConvertedCheckpointRunsInOnePrecision() {
        assertThat(rows(Precision.INT8, machine(GB / 5, GB, ONNX))).containsExactly("int8 cpu onnx 0.30 GB 0.20 GB no");
    }

    private static String warning(PaliGemmaConfig config, Precision stored, MachineFacts machine) {
        return MemoryFacts.of(config, stored, machine)
                .facts()
                .text()
                .lines()
                .findFirst()
                .orElseThrow();
    }

    @Test
    void warnsThatTheDefaultPrecisionDoesNotFitAndNamesOneThatDoes() {
        PaliGemmaConfig large = ModelSize.PALIGEMMA2_3B.config(224);
        EngineFacts pytorch = pytorch(new DeviceMemory(Device.cuda(0), "one", 20 * GB, 24 * GB));

        assertThat(warning(large, Precision.FLOAT32, machine(8 * GB, GB, ONNX, pytorch)))
                .isEqualTo(
                        "WARNING         float32 needs about 12.61 GB of memory and 8.00 GB are free; bfloat16 would fit"
                                + " with 6.55 GB");
        assertThat(warning(large, Precision.FLOAT32, machine(8 * GB, GB, ONNX)))
                .endsWith("; int8 would fit with 4.02 GB");
        assertThat(warning(large, Precision.INT8, machine(3 * GB, GB, ONNX)))
                .startsWith("WARNING         int8 needs about 4.02 GB")
                .endsWith("no other precision that can be used here would fit");
        assertThat(warning(large, Precision.FLOAT32, machine(13 * GB, GB, ONNX)))
                .startsWith("memory ");
        assertThat(warning(large, Precision.FLOAT32, machine(13 * GB, 1000, ONNX)))
                .startsWith("WARNING         keys and values of a request take 0.09 GB of direct memory");
    }

    @Test
    void theListOfModelsSaysWhatFits() {
        List<KnownModel> models = List.of(
                KnownModels.find("google/paligemma2-3b-mix-224").orElseThrow(),
                KnownModels.find("google/paligemma2-28b-pt-896").orElseThrow());

        assertThat(table(models, new MainMemory(20 * GB, 32 * GB, false)))
                .containsExactly(
                        "name parameters pixels float32 bfloat16 int8 int4 fits here",
                        "google/paligemma2-3b-mix-224 3,032,242,416 224 12.61 GB 6.55 GB 4.02 GB 2.58 GB yes",
                        "google/paligemma2-28b-pt-896 27,654,910,704 896 120.18 GB 64.88 GB 41.02 GB 27.56 GB no");
        assertThat(table(models, new MainMemory(5 * GB, 32 * GB, false)).get(1)).endsWith("2.58 GB int8 int4");
        assertThat(table(models, null).get(1)).endsWith("2.58 GB unknown");
    }

    private static List<String> table(List<KnownModel> models, @Nullable MainMemory memory) {
        return PublishedModels.of(models, memory)
                .text()
                .lines()
                .map(line -> line.replaceAll(" +", " "))
                .toList();
    }

    @Test
    void keysAndValuesMustFitIntoDirectMemory() {
        assertThat(rows(Precision.INT8, machine(8 * GB, 1000, ONNX)))
                .singleElement()
                .asString()
                .contains("no, keys and values")
                .contains("-XX:MaxDirectMemorySize");
    }

    @Test
    void whatIsNotKnownIsSaid() throws IOException {
        MachineFacts machine = new MachineFacts(1, new Processor("", Set.of()), null, GB, null, List.of(ONNX));
        Facts facts = machine.facts();

        assertThat(facts.text())
                .contains("processor       unknown, 1 cores", "instructions    unknown", "main memory     unknown");
        assertThat(rows(Precision.INT8, machine)).containsExactly("int8 cpu onnx 0.30 GB unknown unknown");
        facts.all(MemoryFacts.of(TINY, Precision.INT8, machine).facts());
        Map<String, Object> json = JsonText.parse(facts.json());
        assertThat(json.get("machine").toString()).contains("processor=null", "instructions=null", "memory=null");
        assertThat(json.get("memory").toString()).contains("freeBytes=null", "fits=null");
    }

    @Test
    void aDriverWithoutAnEngineForItIsShown() {
        MachineFacts machine = new MachineFacts(
                4,
                new Processor("Some Processor", Set.of("fpu")),
                new MainMemory(GB, 16 * GB, true),
                GB,
                new NvidiaDriver("550.54.15", List.of("NVIDIA A10", "NVIDIA A10")),
                List.of(ONNX));

        assertThat(machine.facts().text().lines())
                .contains(
                        "processor       Some Processor, 4 cores",
                        "instructions    none that make a network faster",
                        "main memory     1.00 GB free of 16.00 GB, by the limit of the control group",
                        "NVIDIA driver   550.54.15: NVIDIA A10, NVIDIA A10",
                        "GPU             not usable: no engine on the class path sees one",
                        "engine          onnx 1.2.3: float32, int8, int4 on cpu");
    }

    @Test
    void anEngineThatCannotRunHereSaysWhyOnOneLine() {
        List<String> shown = new ArrayList<>();
        for (String message : List.of("no library for this system\nAdd <dependency>", "")) {
            shown.add(EngineFacts.of(new Broken(message)).facts().text().strip());
        }

        assertThat(shown.get(0)).isEqualTo("engine          broken cannot run here: no library for this system");
        assertThat(shown).allSatisfy(line -> assertThat(line).hasLineCount(1));
    }

    private record Broken(String message) implements EngineProvider {
        @Override
        public String name() {
            return "broken";
        }

        @Override
        public Set<Precision> precisions(Device.Kind kind) {
            return EnumSet.allOf(Precision.class);
        }

        @Override
        public Engine create(EngineOptions options) {
            throw new EngineException(message);
        }
    }
}
