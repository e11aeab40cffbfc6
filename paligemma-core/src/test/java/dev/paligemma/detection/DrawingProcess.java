package dev.paligemma.detection;

import dev.paligemma.vision.RgbImage;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Another JVM that draws, on a machine where fontconfig knows no fonts. */
final class DrawingProcess {
    private DrawingProcess() {}

    /**
     * Draws one box with its name; ends with an error if they are not there.
     *
     * @param args none
     */
    public static void main(String[] args) {
        RgbImage image = RgbImage.of(100, 100, new byte[100 * 100 * 3]);
        Detection cat = Detection.of("cat", new BoundingBox(0.25, 0.5, 0.75, 0.75), 100, 100, 0.5);
        BufferedImage drawn = Annotations.draw(image, List.of(cat), List.of());
        int colour = new LabelColours(List.of("cat")).of("cat");
        if ((drawn.getRGB(25, 60) & 0xFFFFFF) != colour
                || (drawn.getRGB(50, 60) & 0xFFFFFF) != 0
                || (drawn.getRGB(27, 45) & 0xFFFFFF) != colour) {
            throw new IllegalStateException("the frame or its name is missing");
        }
    }

    static Process start(Path folder) throws IOException {
        Path fonts = Files.writeString(
                folder.resolve("fonts.conf"),
                "<?xml version=\"1.0\"?><!DOCTYPE fontconfig SYSTEM \"fonts.dtd\"><fontconfig></fontconfig>");
        ProcessBuilder process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Djava.awt.headless=true",
                        "-Duser.home=" + folder, // where the JDK keeps what it once found
                        "-cp",
                        System.getProperty("java.class.path"),
                        DrawingProcess.class.getName())
                .inheritIO();
        process.environment().put("FONTCONFIG_FILE", fonts.toString());
        return process.start();
    }
}
