package dev.paligemma.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paligemma.vision.format.ImageException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Pictures whose end is damaged are read or refused as Pillow reads or refuses them. */
class ImageEndingsTest {
    record Case(String name, String change, String expected) {}

    static List<Case> cases() throws IOException {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                ImageEndingsTest.class.getResourceAsStream("/images/endings/cases.tsv"), StandardCharsets.US_ASCII))) {
            return lines.lines()
                    .map(line -> line.split("\t"))
                    .map(fields -> new Case(fields[0], fields[1], fields[2]))
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void areReadAsPillowReadsThem(Case golden) throws NoSuchAlgorithmException {
        byte[] file = changed(Goldens.decodeFile(golden.name()), golden.change());

        if (golden.expected().equals("refused")) {
            assertThatThrownBy(() -> RgbImage.read(file)).isInstanceOf(ImageException.class);
        } else {
            byte[] sum = MessageDigest.getInstance("SHA-256")
                    .digest(RgbImage.read(file).toBytes());
            assertThat(HexFormat.of().formatHex(sum)).isEqualTo(golden.expected());
        }
    }

    private static byte[] changed(byte[] file, String change) {
        byte[] data = file.clone();
        for (String step : change.split("\\+")) {
            String[] parts = step.split("-");
            int n = Integer.parseInt(parts[1]);
            int length = data.length;
            switch (parts[0]) {
                case "cut" -> data = Arrays.copyOf(data, length - n);
                case "pad" -> {
                    data = Arrays.copyOf(data, length + n);
                    Arrays.fill(data, length, length + n, (byte) Integer.parseInt(parts[2]));
                }
                default -> data[length - n] ^= 0x55;
            }
        }
        return data;
    }
}
