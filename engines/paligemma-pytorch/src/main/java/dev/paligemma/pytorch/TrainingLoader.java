package dev.paligemma.pytorch;

import ai.djl.pytorch.engine.PtNDArray;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.graph.Weight;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.engine.weights.WeightSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Reads weights of a checkpoint into the object of a script that trains. Used once, by one thread.
 *
 * <p>As {@link WeightLoader} does, but through calls that allow gradients: what others make cannot be used in a backward
 * pass.
 */
final class TrainingLoader {
    /** The values of the 16 codes of NF4: arXiv 2305.14314, appendix E, in float32 as bitsandbytes has them. */
    private static final float[] NF4 = {
        -1.0f,
        -0.6961928f,
        -0.52507305f,
        -0.3949175f,
        -0.28444138f,
        -0.18477343f,
        -0.091050036f,
        0.0f,
        0.0795803f,
        0.1609302f,
        0.2461123f,
        0.33791524f,
        0.44070983f,
        0.562617f,
        0.72295684f,
        1.0f
    };

    private final WeightSource source;
    private final WeightReader reader;
    private final TorchModule module;
    private final TorchDevice device;
    /** Owns what the weights stay views of. */
    private final TensorScope constants;

    private final List<Path> files = new ArrayList<>();

    /**
     * A loader.
     *
     * @param constants stays open as long as the weights are used
     */
    TrainingLoader(WeightSource source, TorchModule module, TorchDevice device, TensorScope constants) {
        this.source = source;
        this.reader = new WeightReader(source);
        this.module = module;
        this.device = device;
        this.constants = constants;
    }

    /** Fills the list of what is not trained. */
    void loadFrozen(List<Operand> operands) {
        if (operands.stream().anyMatch(operand -> operand.type() == NumberType.NF4)) {
            try (TensorScope scope = constants.inner()) {
                HostTensor limits = HostTensor.allocate(ElementType.FLOAT32, NF4.length - 1L);
                for (int i = 0; i < NF4.length - 1; i++) {
                    limits.floats().put(i, (float) ((NF4[i] + (double) NF4[i + 1]) / 2));
                }
                HostTensor values = HostTensor.allocate(ElementType.FLOAT32, NF4.length);
                values.floats().put(NF4);
                module.train("add_tables", scope, List.of(scope.view(values), scope.view(limits)));
            }
        }
        for (Operand operand : operands) {
            try (TensorScope scope = constants.inner()) {
                loadFrozen(operand, scope);
            }
        }
        // Weights that are parts of them keep them mapped.
        try (TensorScope scope = constants.inner()) {
            module.train("forget_files", scope, List.of(longs(scope, 0)));
        }
    }

    private void loadFrozen(Operand operand, TensorScope scope) {
        TensorInfo info = reader.find(operand.weight());
        boolean asStored = operand.addend() == 0 && info.offset() % operand.type().bytes == 0;
        // A copy on another device needs the mapping no longer.
        TensorScope owner = device.separate() ? scope : constants;
        if (asStored && operand.type() == NumberType.FLOAT32 && info.dtype() == DType.F32) {
            PtNDArray view = owner.view(ElementType.FLOAT32, map(operand, info), operand.shape());
            module.train("add_weight", scope, List.of(view));
        } else if (asStored && operand.type() == NumberType.BFLOAT16 && info.dtype() == DType.BF16) {
            long first = info.offset() / operand.type().bytes + operand.firstElement();
            module.train(
                    "add_mapped_weight",
                    scope,
                    List.of(
                            longs(scope, mapped(info, scope)),
                            longs(scope, first),
                            longs(scope, operand.elements()),
                            longs(scope, operand.shape())));
        } else {
            convert(operand, info, scope);
        }
    }

    private ByteBuffer map(Operand operand, TensorInfo info) {
        int bytes = operand.type().bytes;
        return source.map(info, operand.firstElement() * bytes, Math.multiplyExact(operand.elements(), bytes));
    }

    /**
     * The place of a whole file among those that are mapped as numbers of two bytes, of which most are none. Only numbers
     * can be given to a call that allows gradients, so the name of the file is one for each byte.
     */
    private int mapped(TensorInfo info, TensorScope scope) {
        // Fails if the file is not the one that was opened.
        source.readFloats(info, 0, FloatBuffer.allocate(0));
        int known = files.indexOf(info.file());
        if (known >= 0) {
            return known;
        }
        byte[] utf8 = info.file().toString().getBytes(StandardCharsets.UTF_8);
        long[] name =
                IntStream.range(0, utf8.length).mapToLong(i -> utf8[i] & 0xff).toArray();
        try {
            long elements = Files.size(info.file()) / NumberType.BFLOAT16.bytes;
            module.train("map_file", scope, List.of(longs(scope, name), longs(scope, elements)));
        } catch (IOException e) {
            throw new EngineException(info.file() + " cannot be read: " + e.getMessage(), e);
        }
        files.add(info.file());
        return files.size() - 1;
    }

    private void convert(Operand operand, TensorInfo info, TensorScope scope) {
        long rows = operand.rows();
        long blocks = (operand.elements() - 1) / NumberType.BLOCK + 1;
        long[] shape = operand.type() == NumberType.NF4 ? new long[] {blocks * NumberType.BLOCK / 2} : operand.shape();
        long scales = switch (operand.type()) {
            case FLOAT32, BFLOAT16 -> 0;
            case INT8 -> rows;
            case NF4 -> blocks;
        };
        module.train(
                "add_empty_weight",
                scope,
                List.of(longs(scope, shape), longs(scope, operand.type().code), longs(scope, scales)));
        String method = switch (operand.type()) {
            case FLOAT32, BFLOAT16 -> "fill_weight";
            case INT8 -> "fill_int8";
            case NF4 -> "fill_nf4";
        };
        long group = switch (operand.type()) {
            case FLOAT32, BFLOAT16 -> 1;
            case INT8 -> operand.elements() / rows;
            case NF4 -> NumberType.BLOCK;
        };
        reader.read(operand, info, group, (first, numbers) -> {
            try (TensorScope part = scope.inner()) {
                module.train(method, part, List.of(longs(part, first), floats(part, numbers)));
            }
        });
    }

    /** Adds parameters of these sizes, all zeros. */
    void addParameter(List<Long> sizes) {
        try (TensorScope scope = constants.inner()) {
            long[] shape = sizes.stream().mapToLong(Long::longValue).toArray();
            module.train("add_parameter", scope, List.of(longs(scope, shape)));
        }
    }

    /** Sets a parameter to what the checkpoint has. */
    void loadParameter(int index, Weight weight) {
        Operand operand = new Operand(weight, NumberType.FLOAT32, 0, 0, weight.size(0));
        reader.read(operand, reader.find(weight), (first, numbers) -> {
            try (TensorScope part = constants.inner()) {
                module.train(
                        "put",
                        part,
                        List.of(longs(part, index), longs(part, 0), longs(part, first), floats(part, numbers)));
            }
        });
    }

    static PtNDArray longs(TensorScope scope, long... numbers) {
        return scope.view(HostTensor.ofLongs(numbers));
    }

    static PtNDArray floats(TensorScope scope, ByteBuffer numbers) {
        return scope.view(ElementType.FLOAT32, numbers, numbers.remaining() / (long) Float.BYTES);
    }
}
