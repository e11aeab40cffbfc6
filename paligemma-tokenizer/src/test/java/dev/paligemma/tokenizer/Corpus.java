package dev.paligemma.tokenizer;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import java.util.ArrayList;
import java.util.Currency;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Texts of many kinds, the same on every run of one Java release. Without halves of surrogate pairs. */
final class Corpus {

    private static final String[] WORDS = {
        "caption",
        "detect",
        "segment",
        "answer",
        "describe",
        "en",
        "the",
        "cat",
        "Zürich",
        "naïve",
        "coöperate",
        "größer",
        "Straße",
        "Ελλάδα",
        "привет",
        "мир",
        "שלום",
        "مرحبا",
        "नमस्ते",
        "こんにちは",
        "世界",
        "你好",
        "안녕하세요",
        "ภาษาไทย",
        "ქართული",
        "հայերեն",
        "አማርኛ",
        "ଓଡ଼ିଆ",
        "e\u0301",
        "ﬁ",
        "İstanbul",
        "ß",
        "ſ",
        "½",
        "№",
        "™",
        "traffic light"
    };
    private static final String[] CONTROL = {
        "<bos>",
        "<eos>",
        "<pad>",
        "<unk>",
        "<mask>",
        "<2mass>",
        "[@BOS@]",
        "[toxicity=0]",
        "<unused0>",
        "<unused6>",
        "<unused99>",
        "<start_of_turn>",
        "<end_of_turn>",
        "<image>",
        "<loc0000>",
        "<loc1023>",
        "<loc0512>",
        "<seg000>",
        "<seg127>",
        "<loc1024>",
        "<loc12>",
        "<seg128>",
        "<h1>",
        "</h1>",
        "<table>",
        "</td>",
        "<code>",
        "<b>",
        "<0x0A>",
        "<0xE2>",
        "<0xFF>",
        "▁",
        "▁▁",
        "▁▁▁",
        "<bos",
        "os>",
        "<loc",
        "<",
        ">",
        "<<",
        "</"
    };
    private static final String[] EMOJI = {
        "😀",
        "👍🏽",
        "👩‍👩‍👧‍👦",
        "🏳️‍🌈",
        "🇩🇪",
        "🇯🇵",
        "❤️",
        "☃",
        "1️⃣",
        "🫡",
        "🧑🏿‍🚀",
        "\u200d",
        "\ufe0f",
        "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
        "𝔘",
        "𓀀",
        "𐍈"
    };
    private static final String[] CODE = {
        "public static void main(String[] args) {\n    int x = 1;\n\treturn;\n}\n",
        "def f(a, b=None):\n        return a[b] if b else {}\n\n\n",
        "SELECT * FROM t WHERE a >= 10 AND b != 'x''y';",
        "{\"key\": [1, 2.5, -3e10, null, true], \"k\\\"2\": \"\\u0041\"}",
        "<div class=\"a\">&nbsp;<b>bold</b><br/></div>\r\n",
        "for (;;) { i++; ++j; k <<= 2; l >>>= 1; }  // comment   \n",
        "#include <stdio.h>\n#version 330\n",
        "https://example.org/a/b?c=d&e=f#g",
        "a@example.org; +49 (0)30 123-456; 12:34:56.789; 2024-02-29T00:00:00Z",
        "\\frac{1}{2} \\sum_{i=0}^{n} x_i^2 \\leq \\infty"
    };
    private static final String[] SPACES = {
        " ", "  ", "   ", "\n", "\n\n", "\n\n\n", "\t", "\t\t", "\r\n", "\r", "\u00a0", "\u3000", "\u2028", "\u200b",
        "\u000b", "\f", "\ufeff"
    };
    private static final String[] LONG_UNITS = {
        "a", " ", "\n", "\t", "ab", "桌", "😀", "é", "<bos>", "<loc0001>", "▁", "\u0000"
    };

    /** Names, dates, numbers and currencies of all locales; kept, because making them takes longest. */
    private static final List<String> LOCALES = ofLocales();

    private final Random random;
    private final List<String> texts = new ArrayList<>();

    private Corpus(long seed) {
        random = new Random(seed);
    }

    /** Makes at least {@code count} texts. */
    static List<String> of(int count, long seed) {
        Corpus corpus = new Corpus(seed);
        corpus.addFixed();
        corpus.texts.addAll(LOCALES);
        while (corpus.texts.size() < count) {
            corpus.texts.add(corpus.next());
        }
        return corpus.texts;
    }

    /** Makes a few texts of about {@code length} chars each. */
    static List<String> veryLong(int length, long seed) {
        Corpus corpus = new Corpus(seed);
        for (String unit : LONG_UNITS) {
            corpus.texts.add(unit.repeat(length / unit.length()));
        }
        StringBuilder mixed = new StringBuilder();
        while (mixed.length() < length) {
            mixed.append(corpus.next());
        }
        corpus.texts.add(mixed.toString());
        return corpus.texts;
    }

    private void addFixed() {
        texts.add("");
        for (String[] group : new String[][] {WORDS, CONTROL, EMOJI, CODE, SPACES}) {
            texts.addAll(List.of(group));
        }
        for (String unit : LONG_UNITS) {
            for (int n = 2; n <= 70; n++) {
                texts.add(unit.repeat(n));
            }
        }
        for (int c = 0; c < 0x180; c++) {
            texts.add(Character.toString(c));
        }
    }

    private static List<String> ofLocales() {
        List<String> texts = new ArrayList<>();
        LocalDateTime start = LocalDateTime.of(2024, 2, 29, 13, 37, 5);
        int i = 0;
        for (Locale locale : Locale.getAvailableLocales()) {
            texts.add(locale.getDisplayName(locale) + ", " + locale.getDisplayLanguage(Locale.ENGLISH));
            texts.add(DateTimeFormatter.ofLocalizedDate(FormatStyle.FULL)
                    .withLocale(locale)
                    .format(start.plusDays(97L * i)));
            texts.add(DateTimeFormatter.ofLocalizedDateTime(FormatStyle.MEDIUM)
                    .withLocale(locale)
                    .format(start.plusHours(1001L * i)));
            texts.add(String.format(locale, "%,.3f %e %d", i * 12345.678, i * 1e-7, -i));
            i++;
        }
        for (Currency currency : Currency.getAvailableCurrencies()) {
            texts.add(currency.getSymbol() + " " + currency.getDisplayName(Locale.FRENCH));
        }
        return texts;
    }

    private String next() {
        StringBuilder text = new StringBuilder();
        int parts = 1 + random.nextInt(12);
        int style = random.nextInt(8);
        for (int i = 0; i < parts; i++) {
            int kind = style < 4 ? style * 2 + random.nextInt(2) : random.nextInt(10);
            text.append(part(kind));
            if (random.nextInt(3) == 0) {
                text.append(' ');
            }
        }
        return text.toString();
    }

    private String part(int kind) {
        return switch (kind) {
            case 0 -> pick(WORDS);
            case 1 -> pick(SPACES).repeat(1 + random.nextInt(random.nextInt(4) == 0 ? 40 : 3));
            case 2 -> pick(CONTROL);
            case 3 -> letters();
            case 4 -> pick(EMOJI);
            case 5 -> randomCodePoints(0x10ffff);
            case 6 -> pick(CODE);
            case 7 -> Long.toString(random.nextLong() >> random.nextInt(63));
            case 8 -> randomCodePoints(0x100);
            default -> randomCodePoints(0xffff);
        };
    }

    private String letters() {
        StringBuilder word = new StringBuilder();
        for (int n = 1 + random.nextInt(12); n > 0; n--) {
            word.append((char) ((random.nextInt(5) == 0 ? 'A' : 'a') + random.nextInt(26)));
        }
        return word.toString();
    }

    private String randomCodePoints(int max) {
        StringBuilder text = new StringBuilder();
        for (int n = 1 + random.nextInt(6); n > 0; n--) {
            int codePoint = random.nextInt(max + 1);
            if (codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE) {
                text.appendCodePoint(codePoint);
            }
        }
        return text.toString();
    }

    private String pick(String[] choices) {
        return choices[random.nextInt(choices.length)];
    }
}
