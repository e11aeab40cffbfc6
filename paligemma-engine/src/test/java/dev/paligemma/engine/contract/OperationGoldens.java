package dev.paligemma.engine.contract;

import static java.util.Objects.requireNonNull;

import dev.paligemma.engine.checkpoint.Checkpoint;
import dev.paligemma.engine.checkpoint.SafeTensorsFile;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The files that {@code src/reference/operations/make_goldens.py} made, copied out of the class path: engines map weight
 * files, which they cannot do inside an archive.
 */
public final class OperationGoldens {
    private static final String RESOURCES = "/operations/";

    /** The types in which the weights are stored; one checkpoint for each. */
    public enum Storage {
        FLOAT32,
        BFLOAT16,
        FLOAT16;

        /** The name in lower case, as in the files. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final SafeTensorsFile values;
    private final Map<Storage, Checkpoint> checkpoints = new EnumMap<>(Storage.class);

    /** Copies all files into an empty folder and opens them. */
    public OperationGoldens(Path folder) {
        copy("operations.safetensors", folder);
        values = SafeTensorsFile.read(folder.resolve("operations.safetensors"));
        for (Storage storage : Storage.values()) {
            for (String file : List.of("config.json", "model.safetensors")) {
                copy(storage + "/" + file, folder);
            }
            checkpoints.put(storage, TestNetwork.open(folder.resolve(storage.toString())));
        }
    }

    private static void copy(String file, Path folder) {
        try (InputStream in = OperationGoldens.class.getResourceAsStream(RESOURCES + file)) {
            Path target = folder.resolve(file);
            Files.createDirectories(requireNonNull(target.getParent()));
            Files.copy(requireNonNull(in, file), target);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The checkpoint whose weights are stored in single precision. */
    public Checkpoint checkpoint() {
        return checkpoint(Storage.FLOAT32);
    }

    public Checkpoint checkpoint(Storage storage) {
        return requireNonNull(checkpoints.get(storage));
    }

    /** Whether there is a tensor of that name. */
    public boolean contains(String name) {
        return values.tensors().containsKey(name);
    }

    /** A fresh copy of one input or expected result. */
    public HostTensor tensor(String name) {
        TensorInfo info = requireNonNull(values.tensors().get(name), () -> "no golden tensor " + name);
        HostTensor tensor =
                HostTensor.allocate(info.dtype() == DType.I64 ? ElementType.INT64 : ElementType.FLOAT32, info.shape());
        // The file is little-endian, like every machine that the engines run on.
        ByteBuffer bytes = tensor.bytes();
        try (FileChannel channel = FileChannel.open(info.file())) {
            while (bytes.hasRemaining()) {
                if (channel.read(bytes, info.offset() + bytes.position()) < 0) {
                    throw new IllegalStateException(info + " is truncated");
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return tensor;
    }
}
