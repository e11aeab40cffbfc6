package dev.paligemma.pytorch;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.HostTensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Owns torch's handles to memory. Confined to one thread at a time.
 *
 * <p>The one place where tensors are made: Deep Java Library ends the JVM when it meets an element type that it does not
 * know in native code, such as bfloat16, so only types that it knows may reach it.
 */
final class TensorScope implements AutoCloseable {
    private final NDManager manager;
    private final List<IValue> values = new ArrayList<>();

    /** A scope below a manager, which must be open. */
    TensorScope(NDManager parent) {
        this.manager = parent.newSubManager();
    }

    /** A scope for a shorter time, to be closed before this one. */
    TensorScope inner() {
        return new TensorScope(manager);
    }

    /** A handle to the tensor's own memory. */
    PtNDArray view(HostTensor tensor) {
        return view(tensor.type(), tensor.bytes(), tensor.shape());
    }

    /**
     * A handle to memory, which stays reachable as long as this scope is open.
     *
     * @param type the type of the elements
     * @param memory direct, in native byte order, from its first byte; less than 2 GiB
     * @param shape sizes whose product is the number of elements
     */
    PtNDArray view(ElementType type, ByteBuffer memory, long... shape) {
        if (!memory.isDirect() || memory.position() != 0) {
            throw new IllegalArgumentException("a tensor is a view of a whole direct buffer, got " + memory);
        }
        return (PtNDArray) manager.create(memory, new Shape(shape), dataType(type));
    }

    /** A handle to numbers in double precision, as above. */
    PtNDArray doubles(ByteBuffer memory) {
        if (!memory.isDirect() || memory.position() != 0) {
            throw new IllegalArgumentException("a tensor is a view of a whole direct buffer, got " + memory);
        }
        return (PtNDArray) manager.create(memory, new Shape(memory.remaining() / Double.BYTES), DataType.FLOAT64);
    }

    /** A tensor in memory of torch, with any numbers in it. */
    PtNDArray allocate(ElementType type, long... shape) {
        return (PtNDArray) manager.create(new Shape(shape), dataType(type));
    }

    /** A list of tensors as an argument. */
    IValue list(List<PtNDArray> tensors) {
        return keep(IValue.listFrom(tensors.toArray(new PtNDArray[0])));
    }

    /** A tensor as an argument. */
    IValue tensor(PtNDArray tensor) {
        return keep(IValue.from(tensor));
    }

    /** An integer as an argument. */
    IValue integer(long value) {
        return keep(IValue.from(value));
    }

    /** A list of integers as an argument. */
    IValue integers(long... list) {
        return keep(IValue.listFrom(list));
    }

    /** A text as an argument. */
    IValue text(String value) {
        return keep(IValue.from(value));
    }

    /** A list of truth values as an argument. */
    IValue booleans(boolean... list) {
        return keep(IValue.listFrom(list));
    }

    /** Closes a value with this scope. */
    IValue keep(IValue value) {
        values.add(value);
        return value;
    }

    private static DataType dataType(ElementType type) {
        return switch (type) {
            case FLOAT32 -> DataType.FLOAT32;
            case INT64 -> DataType.INT64;
        };
    }

    /** Frees the handles, and the memory that is torch's. */
    @Override
    public void close() {
        values.forEach(IValue::close);
        values.clear();
        manager.close();
    }
}
