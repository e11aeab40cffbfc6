package dev.paligemma.training.internal.batch;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.engine.EngineException;
import dev.paligemma.engine.graph.ElementType;
import dev.paligemma.engine.spi.HostTensor;
import dev.paligemma.training.run.FineTuningException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Blocks of equal size by key: first in memory, then in a file that is gone when this is closed or the process ends. What
 * fits into neither is not kept. Confined to one thread.
 */
final class RowStore implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RowStore.class);

    private final RowKeeping keeping;
    private final int blockBytes;
    private final Map<Object, HostTensor> inMemory = new HashMap<>();
    /** Places in the file, in blocks. */
    private final Map<Object, Integer> inFile = new HashMap<>();

    private boolean memoryIsFull;
    private boolean fileIsFull;
    private @Nullable FileChannel file;

    RowStore(RowKeeping keeping, int blockBytes) {
        this.keeping = keeping;
        this.blockBytes = blockBytes;
    }

    /** Copies a block that is kept; tells whether it is. */
    boolean read(Object key, ByteBuffer into) {
        HostTensor memory = inMemory.get(key);
        if (memory != null) {
            into.put(memory.bytes());
            return true;
        }
        Integer place = inFile.get(key);
        if (place == null || file == null) {
            return false;
        }
        try {
            for (long at = (long) place * blockBytes; into.hasRemaining(); ) {
                int count = file.read(into, at);
                if (count < 0) {
                    throw new IOException("it ends too early");
                }
                at += count;
            }
            return true;
        } catch (IOException e) {
            throw new FineTuningException(
                    "cannot read the rows of a picture from the temporary file in " + keeping.folder() + ": "
                            + FailureReason.of(e, Path.of("")),
                    e);
        }
    }

    /** Keeps a copy of a block, if there is room. */
    void write(Object key, ByteBuffer block) {
        if (!memoryIsFull && keepInMemory(key, block)) {
            return;
        }
        memoryIsFull = true;
        keeping.folder().ifPresent(folder -> keepInFile(folder, key, block));
    }

    private boolean keepInMemory(Object key, ByteBuffer block) {
        if ((inMemory.size() + 1L) * blockBytes > keeping.memoryBytes()) {
            return false;
        }
        try {
            HostTensor copy = HostTensor.allocate(ElementType.FLOAT32, blockBytes / Float.BYTES);
            copy.bytes().put(block.duplicate());
            inMemory.put(key, copy);
            return true;
        } catch (EngineException e) {
            LOG.warn("the rows of further pictures are kept in a file, or computed again: {}", e.getMessage());
            return false;
        }
    }

    private void keepInFile(Path folder, Object key, ByteBuffer block) {
        if (fileIsFull
                || inFile.size() == Integer.MAX_VALUE
                || (inFile.size() + 1L) * blockBytes > keeping.fileBytes()) {
            return;
        }
        try {
            if (file == null) {
                file = open(folder);
            }
            ByteBuffer copy = block.duplicate();
            for (long at = (long) inFile.size() * blockBytes; copy.hasRemaining(); ) {
                at += file.write(copy, at);
            }
            inFile.put(key, inFile.size());
        } catch (IOException e) {
            // Results are the same, only slower.
            LOG.warn(
                    "the rows of further pictures are computed each time: cannot write to a temporary file in {}: {}",
                    folder,
                    FailureReason.of(e, Path.of("")));
            fileIsFull = true;
        }
    }

    private static FileChannel open(Path folder) throws IOException {
        Path path = Files.createTempFile(folder, "image-rows-", ".tmp");
        return FileChannel.open(
                path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
    }

    /** How many blocks are kept. */
    int size() {
        return inMemory.size() + inFile.size();
    }

    @Override
    public void close() {
        inMemory.clear();
        inFile.clear();
        if (file != null) {
            try {
                file.close();
            } catch (IOException e) {
                LOG.warn("cannot remove the temporary file with the rows of pictures: {}", e.getMessage());
            }
            file = null;
        }
    }
}
