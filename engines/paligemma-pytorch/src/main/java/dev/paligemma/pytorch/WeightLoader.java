package dev.paligemma.pytorch;

import ai.djl.pytorch.jni.IValue;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import dev.paligemma.engine.weights.WeightSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads weights of a checkpoint into the list that a script takes, each in the type it takes it. Used once, by one thread.
 *
 * <p>Those stored in that type are mapped, and used where they lie in the file or copied from there to the device. Others
 * are converted, once and piece by piece, into memory of torch, which the limit of the JVM on direct buffers does not
 * count.
 */
final class WeightLoader implements AutoCloseable {
    private final WeightSource source;
    private final WeightReader reader;
    private final TorchModule module;
    private final TorchDevice device;
    /** Owns what the weights stay views of. */
    private final TensorScope constants;
    /** Files as tensors of bfloat16, which the weights that are parts of them keep alive. */
    private final Map<Path, IValue> files = new HashMap<>();

    /**
     * A loader.
     *
     * @param constants stays open as long as the weights are used
     */
    WeightLoader(WeightSource source, TorchModule module, TorchDevice device, TensorScope constants) {
        this.source = source;
        this.reader = new WeightReader(source);
        this.module = module;
        this.device = device;
        this.constants = constants;
    }

    /** The list of weights that a script takes; the scope of the constants owns it. */
    IValue load(List<Operand> operands) {
        IValue weights = constants.keep(module.call("no_weights"));
        for (Operand operand : operands) {
            try (TensorScope scope = constants.inner()) {
                load(operand, weights, scope);
            }
        }
        return weights;
    }

    private void load(Operand operand, IValue weights, TensorScope scope) {
        TensorInfo info = reader.find(operand.weight());
        boolean asStored = operand.addend() == 0 && info.offset() % operand.type().bytes == 0;
        if (asStored && operand.type() == NumberType.FLOAT32 && info.dtype() == DType.F32) {
            // A copy on another device needs the mapping no longer.
            TensorScope owner = device.separate() ? scope : constants;
            ByteBuffer mapped = source.map(
                    info, operand.firstElement() * Float.BYTES, Math.multiplyExact(operand.elements(), Float.BYTES));
            IValue view = scope.tensor(owner.view(ElementType.FLOAT32, mapped, operand.shape()));
            module.call("add_weight", weights, view).close();
        } else if (asStored
                && operand.type() == NumberType.BFLOAT16
                && info.dtype() == DType.BF16
                && hasPlainName(info.file())) {
            long first = info.offset() / operand.type().bytes + operand.firstElement();
            module.call(
                            "add_mapped_weight",
                            weights,
                            mapped(info),
                            scope.integer(first),
                            scope.integer(operand.elements()),
                            scope.integers(operand.shape()))
                    .close();
        } else {
            convert(operand, info, weights, scope);
        }
    }

    /** Whether a path reaches torch as it is: Java's native interface writes rare characters in a way of its own. */
    private static boolean hasPlainName(Path file) {
        return file.toString().chars().noneMatch(c -> c == 0 || Character.isSurrogate((char) c));
    }

    /** The whole file as numbers of two bytes, of which most are none; torch maps nothing but whole files. */
    private IValue mapped(TensorInfo info) {
        // Fails if the file is not the one that was opened.
        source.readFloats(info, 0, FloatBuffer.allocate(0));
        return files.computeIfAbsent(info.file(), file -> {
            try (TensorScope scope = constants.inner()) {
                long elements = Files.size(file) / NumberType.BFLOAT16.bytes;
                return module.call("map_file", scope.text(file.toString()), scope.integer(elements));
            } catch (IOException e) {
                throw new EngineException(file + " cannot be read: " + e.getMessage(), e);
            }
        });
    }

    private void convert(Operand operand, TensorInfo info, IValue weights, TensorScope scope) {
        module.call("add_empty_weight", weights, scope.integers(operand.shape()), scope.integer(operand.type().code))
                .close();
        reader.read(operand, info, (first, numbers) -> {
            try (TensorScope part = scope.inner()) {
                IValue view =
                        part.tensor(part.view(ElementType.FLOAT32, numbers, numbers.remaining() / (long) Float.BYTES));
                module.call("fill_last_weight", weights, part.integer(first), view)
                        .close();
            }
        });
    }

    /** Lets go of the files; weights that are parts of them keep them mapped. */
    @Override
    public void close() {
        files.values().forEach(IValue::close);
        files.clear();
    }
}
