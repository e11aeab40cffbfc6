package dev.paligemma.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file that grows at its end. Confined to one thread. Failures of the disk are typed here, to be told from the network's. */
final class PartialFile implements AutoCloseable {
    private final CacheRepository repository;
    private final Path path;
    private final FileChannel channel;
    private long length;

    private PartialFile(CacheRepository repository, Path path, FileChannel channel, long length) {
        this.repository = repository;
        this.path = path;
        this.channel = channel;
        this.length = length;
    }

    /** Opens a file at its end, or makes it. */
    static PartialFile open(CacheRepository repository, Path path) {
        try {
            if (Files.isSymbolicLink(path)) {
                Files.delete(path); // nobody makes one there who wants anything good
            }
            FileChannel channel = FileChannel.open(
                    path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
            return new PartialFile(repository, path, channel, channel.size());
        } catch (IOException e) {
            throw repository.unwritable(e);
        }
    }

    Path path() {
        return path;
    }

    long length() {
        return length;
    }

    void append(ByteBuffer bytes) throws InterruptedException {
        writing(() -> {
            while (bytes.hasRemaining()) {
                length += channel.write(bytes, length);
            }
        });
    }

    /** Throws away what there is. */
    void restart() throws InterruptedException {
        writing(() -> {
            channel.truncate(0);
            length = 0;
        });
    }

    /** Waits until the disk has it: a name must not outlive its content when the power fails. */
    void sync() throws InterruptedException {
        writing(() -> channel.force(true));
    }

    void delete() {
        close();
        repository.remove(path);
    }

    private void writing(CacheRepository.Write write) throws InterruptedException {
        try {
            write.run();
        } catch (ClosedByInterruptException e) {
            throw new InterruptedException("interrupted while writing " + path);
        } catch (IOException e) {
            throw repository.unwritable(e);
        }
    }

    @Override
    public void close() {
        repository.writing(channel::close);
    }
}
