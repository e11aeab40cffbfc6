package dev.paligemma.engine.contract;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.Engines;
import java.util.Arrays;
import java.util.List;

/**
 * Every engine in every precision that it has, with the standard that it is held to: the one table of what is tested on
 * what. {@link ContractLedger} fails the build when something of this table has not run.
 */
public enum TestedEngine {
    ONNX_FLOAT32("onnx", Precision.FLOAT32, Standard.REFERENCE),
    ONNX_INT8("onnx", Precision.INT8, Standard.CLOSE),
    ONNX_INT4("onnx", Precision.INT4, Standard.CLOSE),
    PYTORCH_FLOAT32("pytorch", Precision.FLOAT32, Standard.TRAINING),
    PYTORCH_BFLOAT16("pytorch", Precision.BFLOAT16, Standard.ROUNDED),
    REFERENCE_FLOAT32("reference", Precision.FLOAT32, Standard.TRAINING);

    /** What an engine is compared with, and by which contracts. */
    public enum Standard {
        /** Equals torch operation by operation and transformers token by token, up to rounding in single precision. */
        REFERENCE(
                List.of("EngineContract", "ProgramContract", "StateContract"),
                List.of(
                        "GoldenIntermediatesContract",
                        "GoldenParityContract",
                        "DecodingParityContract",
                        "AdapterParityContract",
                        "ResizedAdapterContract",
                        "ConcurrencyContract",
                        "CancellationContract",
                        "NativeMemoryContract")),

        /** Besides that it trains, with the gradients of the definition. */
        TRAINING(List.of("EngineContract", "ProgramContract", "StateContract", "TrainingContract"), REFERENCE.models),

        /** Equals torch operation by operation up to its own rounding, and stays close as below. */
        ROUNDED(List.of("EngineContract"), List.of("SmallPrecisionContract")),

        /** Gives nearly the probabilities that the same engine gives in single precision. */
        CLOSE(List.of(), List.of("SmallPrecisionContract"));

        @SuppressWarnings("ImmutableEnumChecker") // of the immutable lists above
        private final List<String> operations;

        @SuppressWarnings("ImmutableEnumChecker")
        private final List<String> models;

        Standard(List<String> operations, List<String> models) {
            this.operations = operations;
            this.models = models;
        }
    }

    /** What a contract is about. */
    public enum Level {
        /** Single operations and small graphs; run by the modules of the engines. */
        OPERATIONS,
        /** Whole models; the contracts are in the module {@code paligemma-core}. */
        MODELS
    }

    private final String engine;
    private final Precision precision;
    private final Standard standard;

    TestedEngine(String engine, Precision precision, Standard standard) {
        this.engine = engine;
        this.precision = precision;
        this.standard = standard;
    }

    /** The row that a test class names. */
    public static TestedEngine of(Class<?> test) {
        EngineUnderTest annotation = test.getAnnotation(EngineUnderTest.class);
        if (annotation == null) {
            throw new IllegalStateException(test + " lacks @EngineUnderTest");
        }
        return annotation.value();
    }

    /** The rows of an engine. */
    public static List<TestedEngine> all(String engine) {
        return Arrays.stream(values()).filter(row -> row.engine.equals(engine)).toList();
    }

    /** The name by which users choose the engine. */
    public String engine() {
        return engine;
    }

    public Precision precision() {
        return precision;
    }

    /** The simple names of the contracts of one level. */
    public List<String> contracts(Level level) {
        return level == Level.OPERATIONS ? standard.operations : standard.models;
    }

    /** Makes the engine, on two threads of the CPU; fails if it is not on the class path. */
    public Engine create() {
        return Engines.create(engine, new EngineOptions(Device.CPU, precision, 2));
    }
}
