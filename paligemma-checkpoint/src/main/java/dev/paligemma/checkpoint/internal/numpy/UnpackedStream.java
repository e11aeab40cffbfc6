package dev.paligemma.checkpoint.internal.numpy;

import java.io.IOException;
import java.io.InputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

/** The contents of a deflated member of an archive. */
final class UnpackedStream extends InflaterInputStream {
    private static final int BUFFER_BYTES = 1 << 14;

    /** @param packed exactly the packed bytes */
    UnpackedStream(InputStream packed) {
        super(packed, new Inflater(true), BUFFER_BYTES);
    }

    @Override
    public void close() throws IOException {
        // The stream ends only an inflater of its own making.
        inf.end();
        super.close();
    }
}
