package dev.paligemma.evaluation.internal.ptb;

import dev.paligemma.evaluation.internal.ptb.PtbRules.Form;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How tokens are written. Stateless. */
final class TokenText {
    private static final Map<String, String> BRACKETS =
            Map.of("(", "-LRB-", ")", "-RRB-", "[", "-LSB-", "]", "-RSB-", "{", "-LCB-", "}", "-RCB-");

    private TokenText() {}

    static @Nullable String of(String text, Form form) {
        String token = written(text, form);
        return token.isEmpty() ? null : token.toLowerCase(Locale.ROOT);
    }

    private static String written(String text, Form form) {
        switch (form) {
            case OPENING_DOUBLE -> {
                return text.equals("\"") || text.equals("&quot;") ? "``" : text;
            }
            case OPENING_SINGLE -> {
                return "`";
            }
            case ELLIPSIS -> {
                return "...";
            }
            case DASH -> {
                return text.length() >= 3 && text.length() <= 4 ? "--" : text;
            }
            case QUOTE -> {
                return quote(text.replace("&apos;", "'"));
            }
            case PLAIN -> {
                return text;
            }
            case TAG -> {
                return text.replace(' ', '\u00A0');
            }
            case SPACED -> {
                return brackets(text.replace(' ', '\u00A0'));
            }
            case CONTRACTION -> {
                return text.replace("&apos;", "'").replace('\u2019', '\'').replace('\u0092', '\'');
            }
            default -> {}
        }
        String bracket = BRACKETS.get(text);
        if (bracket != null) {
            return bracket;
        }
        String entity = text.toLowerCase(Locale.ROOT);
        if (text.length() == 1) {
            return single(text.charAt(0));
        }
        switch (entity) {
            case "&lt;" -> {
                return "<";
            }
            case "&gt;" -> {
                return ">";
            }
            case "&md;", "&mdash;", "&ndash;" -> {
                return "--";
            }
            case "&amp;" -> {
                return "&";
            }
            default -> {}
        }
        if (text.equals("&quot;")) {
            return "''";
        }
        String visible = text.replace("\u00AD", "");
        return visible.isEmpty() ? "-" : brackets(visible.replace("&amp;", "&"));
    }

    private static String brackets(String text) {
        return text.replace("(", "-LRB-").replace(")", "-RRB-");
    }

    private static String single(char mark) {
        return switch (mark) {
            case '"' -> "''";
            case '\u0080', '\u00A4', '\u20A0', '\u20AC' -> "$";
            case '\u00A2' -> "cents";
            case '\u00A3' -> "#";
            case '\u0085', '\u2026' -> "...";
            case '\u0096', '\u0097', '\u2013', '\u2014', '\u2015' -> "--";
            case '\u00BC' -> "1/4";
            case '\u00BD' -> "1/2";
            case '\u00BE' -> "3/4";
            case '\u2153' -> "1/3";
            case '\u2154' -> "2/3";
            case '\u00AD' -> "-";
            case '\u2010', '\u2011', '\u058A', '\u066B', '\u066C' -> "";
            default -> String.valueOf(mark);
        };
    }

    private static String quote(String text) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char each = text.charAt(i);
            out.append(
                    switch (each) {
                        case '\u2018', '\u201B', '\u0091', '\u2039' -> "`";
                        case '\u2019', '\u0092', '\u203A' -> "'";
                        case '\u201C', '\u0093', '\u00AB' -> "``";
                        case '\u201D', '\u0094', '\u00BB' -> "''";
                        default -> String.valueOf(each);
                    });
        }
        return out.toString();
    }
}
