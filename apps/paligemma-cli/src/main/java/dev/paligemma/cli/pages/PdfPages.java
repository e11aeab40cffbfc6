package dev.paligemma.cli.pages;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.base.internal.InputFiles;
import dev.paligemma.vision.RgbImage;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.pdfbox.Loader;
import org.apache.pdfbox.io.IOUtils;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.encryption.InvalidPasswordException;
import org.apache.pdfbox.rendering.ImageType;

/**
 * The pages of a PDF as pictures, drawn by PDFBox. Files are hostile: sizes, times and the pictures inside are bounded, and whatever
 * PDFBox throws is a {@link PdfException}. Confined to one thread.
 */
public final class PdfPages implements AutoCloseable {
    /** The longer side of a drawn page, twice that of the published page encoders. */
    private static final int LONGER_SIDE = 896;

    private static final long MAX_BYTES = 1L << 30;
    private static final int MAX_PAGES = 100_000;

    /** In points, of which an inch has 72; PDF itself allows 14,400. */
    private static final float MAX_SIDE = 200_000;

    static {
        // What it has to say about fonts is no failure, and standard error is for those.
        setUnlessChosen("org.apache.commons.logging.Log", "org.apache.commons.logging.impl.NoOpLog");
        // Or else it keeps a list of fonts in the user's home.
        setUnlessChosen("pdfbox.fontcache", System.getProperty("java.io.tmpdir"));
    }

    private final Path file;
    private final PDDocument document;
    private final GuardedRenderer renderer;

    private PdfPages(Path file, PDDocument document) {
        this.file = file;
        this.document = document;
        this.renderer = new GuardedRenderer(document);
    }

    private static void setUnlessChosen(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /** Whether a name is that of a PDF. */
    public static boolean isMeant(String name) {
        return name.regionMatches(true, Math.max(0, name.length() - 4), ".pdf", 0, 4);
    }

    /**
     * Opens a file.
     *
     * @throws PdfException if it is missing, too large, no PDF, damaged, or needs a password
     */
    public static PdfPages open(Path file) {
        Path real = InputFiles.regular(file, PdfException::new);
        long size = InputFiles.size(real, PdfException::new);
        if (size > MAX_BYTES) {
            throw new PdfException(file + " has " + size + " bytes, at most " + MAX_BYTES + " are read", null);
        }
        PDDocument document;
        try {
            document = Loader.loadPDF(real.toFile(), IOUtils.createTempFileOnlyStreamCache());
        } catch (InvalidPasswordException e) {
            throw new PdfException(file + " needs a password; save it without one", e);
        } catch (IOException e) {
            throw new PdfException("cannot read " + file + " as a PDF: " + FailureReason.of(e, file), e);
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
            throw broken(file, "cannot be read as a PDF", e);
        }
        try {
            int pages = document.getNumberOfPages();
            if (pages < 1 || pages > MAX_PAGES) {
                throw new PdfException(file + " has " + pages + " pages, expected 1 to " + MAX_PAGES, null);
            }
            return new PdfPages(file, document);
        } catch (PdfException e) {
            close(document);
            throw e;
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
            close(document);
            throw broken(file, "cannot be read as a PDF", e);
        }
    }

    private static PdfException broken(Path file, String what, Throwable cause) {
        return new PdfException(file + " " + what + ": " + cause, cause);
    }

    /** How many there are, at least 1. */
    public int count() {
        return document.getNumberOfPages();
    }

    /**
     * Draws a page, such that its longer side has 896 pixels.
     *
     * @param index from 0
     * @throws PdfException if it is damaged, or asks for more time or memory than a page may
     */
    public RgbImage draw(int index) {
        String page = "page " + (index + 1) + " of " + file;
        try {
            PDRectangle box = document.getPage(index).getCropBox();
            float longer = Math.max(box.getWidth(), box.getHeight());
            float shorter = Math.min(box.getWidth(), box.getHeight());
            if (!(shorter > 0 && longer <= MAX_SIDE)) {
                throw new PdfException(
                        page + " is " + box.getWidth() + " x " + box.getHeight() + " points, expected 0 to " + MAX_SIDE,
                        null);
            }
            BufferedImage image = renderer.draw(index, LONGER_SIDE / longer, ImageType.RGB);
            return RgbImage.of(image);
        } catch (IOException e) {
            throw new PdfException("cannot draw " + page + ": " + FailureReason.of(e, file), e);
        } catch (PdfException e) {
            throw e;
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
            throw new PdfException("cannot draw " + page + ": " + e, e);
        }
    }

    @Override
    public void close() {
        close(document);
    }

    private static void close(PDDocument document) {
        try {
            document.close();
        } catch (IOException e) {
            // It was only read.
        }
    }
}
