package dev.paligemma.detection;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A weight file of the mask decoder with random numbers: masks of no meaning, but different ones for different codes. */
final class MaskWeightsFile implements AutoCloseable {
    private final Random random = new Random(16);
    private final ZipOutputStream zip;

    private MaskWeightsFile(ZipOutputStream zip) {
        this.zip = zip;
    }

    static Path write(Path file) throws IOException {
        try (MaskWeightsFile npz = new MaskWeightsFile(new ZipOutputStream(Files.newOutputStream(file)))) {
            npz.array("_vq_vae._embedding", 1, 128, 512);
            npz.layer("decoder.0", 128, 128, 512, 1, 1);
            for (String block : new String[] {"decoder.2", "decoder.3"}) {
                npz.layer(block + ".net.0", 128, 128, 128, 3, 3);
                npz.layer(block + ".net.2", 128, 128, 128, 3, 3);
                npz.layer(block + ".net.4", 128, 128, 128, 1, 1);
            }
            npz.layer("decoder.4", 128, 128, 128, 4, 4);
            npz.layer("decoder.6", 64, 128, 64, 4, 4);
            npz.layer("decoder.8", 32, 64, 32, 4, 4);
            npz.layer("decoder.10", 16, 32, 16, 4, 4);
            npz.layer("decoder.12", 1, 1, 16, 1, 1);
        }
        return file;
    }

    private void layer(String name, int outputs, int... shape) throws IOException {
        array(name + ".weight", 1 / Math.sqrt(128 * shape[2]), shape);
        array(name + ".bias", 0.1, outputs);
    }

    private void array(String name, double scale, int... shape) throws IOException {
        String sides = Arrays.toString(shape).replace('[', '(').replace("]", ",)");
        String header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + sides + ", }";
        int count = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        int padding = 63 - (10 + header.length()) % 64;
        ByteBuffer npy =
                ByteBuffer.allocate(11 + header.length() + padding + 4 * count).order(ByteOrder.LITTLE_ENDIAN);
        npy.put((byte) 0x93).put("NUMPY\1\0".getBytes(StandardCharsets.US_ASCII));
        npy.putShort((short) (header.length() + padding + 1));
        npy.put((header + " ".repeat(padding) + "\n").getBytes(StandardCharsets.US_ASCII));
        for (int i = 0; i < count; i++) {
            npy.putFloat((float) (random.nextGaussian() * scale));
        }
        zip.putNextEntry(new ZipEntry(name + ".npy"));
        zip.write(npy.array());
        zip.closeEntry();
    }

    @Override
    public void close() throws IOException {
        zip.close();
    }
}
