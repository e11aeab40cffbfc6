package dev.paligemma.cli.pages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.encryption.AccessPermission;
import org.apache.pdfbox.pdmodel.encryption.StandardProtectionPolicy;
import org.apache.pdfbox.pdmodel.graphics.image.LosslessFactory;
import org.apache.pdfbox.pdmodel.graphics.image.PDImageXObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PdfPagesTest {
    @TempDir
    Path folder;

    /** Two pages, one upright with a red rectangle in its lower left corner, one lying. */
    private Path document() throws IOException {
        Path file = folder.resolve("a.PDF");
        try (PDDocument document = new PDDocument()) {
            PDPage page = new PDPage(new PDRectangle(300, 600));
            document.addPage(page);
            try (PDPageContentStream content = new PDPageContentStream(document, page)) {
                content.setNonStrokingColor(1f, 0f, 0f);
                content.addRect(0, 0, 150, 300);
                content.fill();
            }
            document.addPage(new PDPage(new PDRectangle(800, 200)));
            document.save(file.toFile());
        }
        return file;
    }

    @Test
    void drawsPagesWithTheLongerSideBounded() throws IOException {
        assertThat(PdfPages.isMeant("a.PDF")).isTrue();
        assertThat(PdfPages.isMeant("pdf")).isFalse();
        try (PdfPages pages = PdfPages.open(document())) {
            assertThat(pages.count()).isEqualTo(2);
            RgbImage first = pages.draw(0);
            assertThat(first.height()).isEqualTo(896);
            assertThat(first.width()).isEqualTo(448);
            assertThat(first.rgbAt(10, 880) & 0xFFFFFF).isEqualTo(0xFF0000);
            assertThat(first.rgbAt(10, 10) & 0xFFFFFF).isEqualTo(0xFFFFFF);
            RgbImage second = pages.draw(1);
            assertThat(second.width()).isEqualTo(896);
            assertThat(second.height()).isEqualTo(224);
        }
    }

    @Test
    void refusesWhatIsNoPdf() throws IOException {
        assertRefused(Files.writeString(folder.resolve("text.pdf"), "hello"), "text.pdf");
        assertRefused(Files.write(folder.resolve("empty.pdf"), new byte[0]), "empty.pdf");
        assertRefused(folder.resolve("absent.pdf"), "absent.pdf");
        assertRefused(folder, folder.toString());
    }

    @Test
    void refusesWhatNeedsAPassword() throws IOException {
        Path file = folder.resolve("locked.pdf");
        try (PDDocument document = new PDDocument()) {
            document.addPage(new PDPage());
            document.protect(new StandardProtectionPolicy("owner", "user", new AccessPermission()));
            document.save(file.toFile());
        }
        assertRefused(file, "needs a password");
    }

    @Test
    void refusesPicturesThatAreTooLargeBeforeDecodingThem() throws IOException {
        Path file = folder.resolve("bomb.pdf");
        try (PDDocument document = new PDDocument()) {
            PDPage page = new PDPage();
            document.addPage(page);
            PDImageXObject image = LosslessFactory.createFromImage(
                    document, new java.awt.image.BufferedImage(2, 2, java.awt.image.BufferedImage.TYPE_INT_RGB));
            image.getCOSObject().setInt(COSName.WIDTH, 60_000);
            image.getCOSObject().setInt(COSName.HEIGHT, 60_000);
            try (PDPageContentStream content = new PDPageContentStream(document, page)) {
                content.drawImage(image, 0, 0, 100, 100);
            }
            document.save(file.toFile());
        }
        try (PdfPages pages = PdfPages.open(file)) {
            assertThatExceptionOfType(PdfException.class)
                    .isThrownBy(() -> pages.draw(0))
                    .withMessageContaining("page 1 of")
                    .withMessageContaining("60000 x 60000 pixels");
        }
    }

    @Test
    void boundsPagesOfAnySize() throws IOException {
        Path file = folder.resolve("sizes.pdf");
        try (PDDocument document = new PDDocument()) {
            document.addPage(new PDPage(new PDRectangle(0, 0)));
            document.addPage(new PDPage(new PDRectangle(1e9f, 10)));
            document.addPage(new PDPage(new PDRectangle(14_400, 1)));
            document.save(file.toFile());
        }
        try (PdfPages pages = PdfPages.open(file)) {
            for (int page = 0; page < 2; page++) {
                int index = page;
                assertThatExceptionOfType(PdfException.class)
                        .isThrownBy(() -> pages.draw(index))
                        .withMessageContaining("points");
            }
            RgbImage thin = pages.draw(2);
            assertThat(thin.width()).isEqualTo(896);
            assertThat(thin.height()).isEqualTo(1);
        }
    }

    @Test
    void damagedFilesAreDrawnOrRefused() throws IOException {
        byte[] good = Files.readAllBytes(document());
        Path file = folder.resolve("bad.pdf");
        Random random = new Random(5);
        for (int i = 0; i < 150; i++) {
            byte[] bad = i % 3 == 0 ? Arrays.copyOf(good, random.nextInt(good.length)) : good.clone();
            for (int change = 0; change < 4 && bad.length > 0; change++) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
            }
            Files.write(file, bad);
            try (PdfPages pages = PdfPages.open(file)) {
                for (int page = 0; page < Math.min(3, pages.count()); page++) {
                    assertThat(pages.draw(page).width()).isLessThanOrEqualTo(897);
                }
            } catch (PdfException e) {
                assertThat(e.getMessage()).contains("bad.pdf");
            }
        }
    }

    @Test
    void pagesThatContainThemselvesEnd() throws IOException {
        String pdf = """
                %PDF-1.4
                1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
                2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2000000000>>endobj
                trailer<</Root 1 0 R>>
                %%EOF""";
        Path file = Files.write(folder.resolve("cycle.pdf"), pdf.getBytes(StandardCharsets.US_ASCII));
        assertRefused(file, "cycle.pdf");
    }

    private static void assertRefused(Path file, String named) {
        assertThatExceptionOfType(PdfException.class)
                .isThrownBy(() -> PdfPages.open(file).close())
                .withMessageContaining(named);
    }
}
