package dev.paligemma.cli.pages;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.List;
import org.apache.pdfbox.contentstream.operator.Operator;
import org.apache.pdfbox.cos.COSBase;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.graphics.image.PDImage;
import org.apache.pdfbox.pdmodel.graphics.image.PDImageXObject;
import org.apache.pdfbox.rendering.ImageType;
import org.apache.pdfbox.rendering.PDFRenderer;
import org.apache.pdfbox.rendering.PageDrawer;
import org.apache.pdfbox.rendering.PageDrawerParameters;
import org.jspecify.annotations.Nullable;

/** Draws pages that may not take as much time and memory as they like. Confined to one thread. */
final class GuardedRenderer extends PDFRenderer {
    /** A page scanned at 600 dots per inch has 35 million. */
    private static final long MAX_PIXELS = 100_000_000;

    private static final long MAX_NANOS = 60_000_000_000L;

    private long deadline;

    GuardedRenderer(PDDocument document) {
        super(document);
        setSubsamplingAllowed(true);
    }

    BufferedImage draw(int page, float scale, ImageType type) throws IOException {
        deadline = System.nanoTime() + MAX_NANOS;
        return renderImage(page, scale, type);
    }

    @Override
    protected PageDrawer createPageDrawer(PageDrawerParameters parameters) throws IOException {
        return new Drawer(parameters);
    }

    /** Looks at the clock before each operation, and at each picture before it is decoded. */
    private final class Drawer extends PageDrawer {
        Drawer(PageDrawerParameters parameters) throws IOException {
            super(parameters);
        }

        @Override
        protected void processOperator(Operator operator, List<COSBase> operands) throws IOException {
            if (System.nanoTime() > deadline) {
                throw new TooMuch("drawing it takes longer than " + MAX_NANOS / 1_000_000_000 + " s");
            }
            super.processOperator(operator, operands);
        }

        @Override
        protected void operatorException(Operator operator, List<COSBase> operands, IOException e) throws IOException {
            // PDFBox goes on after most errors, as viewers do.
            if (e instanceof TooMuch) {
                throw e;
            }
            super.operatorException(operator, operands, e);
        }

        @Override
        public void drawImage(PDImage image) throws IOException {
            check(image);
            if (image instanceof PDImageXObject object) {
                check(object.getMask());
                check(object.getSoftMask());
            }
            super.drawImage(image);
        }

        private void check(@Nullable PDImage image) throws IOException {
            if (image != null && (long) image.getWidth() * image.getHeight() > MAX_PIXELS) {
                throw new TooMuch("a picture in it has " + image.getWidth() + " x " + image.getHeight()
                        + " pixels, at most " + MAX_PIXELS + " are drawn");
            }
        }
    }

    /** A page that asks for too much. */
    private static final class TooMuch extends IOException {
        private static final long serialVersionUID = 1L;

        TooMuch(String message) {
            super(message);
        }
    }
}
