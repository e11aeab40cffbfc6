package dev.paligemma.cli.option;

import dev.paligemma.cli.report.Facts;
import dev.paligemma.cli.report.VisibleControls;
import org.jspecify.annotations.Nullable;

/**
 * What came of one of many pictures.
 *
 * @param facts for programs; the same as of a single picture
 * @param text for people
 * @param isTable whether the text is lines of its own, each with its line break
 * @param error what went wrong; null if nothing did
 */
public record PictureAnswer(
        Facts facts, String text, boolean isTable, @Nullable String error) {
    /** A text that is shown in one line. */
    public static PictureAnswer line(Facts facts, String text) {
        return new PictureAnswer(facts, text, false, null);
    }

    /** A text in lines of its own. */
    public static PictureAnswer table(Facts facts, String text) {
        return new PictureAnswer(facts, text, true, null);
    }

    static PictureAnswer failed(String error) {
        return new PictureAnswer(new Facts(), "", false, error);
    }

    /** The name of a picture, a tab and the text in one line; a table stands below the name. */
    String forPeople(String name) {
        String shown = VisibleControls.inOneLine(name);
        if (isTable) {
            return shown + ":" + System.lineSeparator() + text;
        }
        String line = VisibleControls.inOneLine(
                text.strip().replace("\r\n", "\n").replace("\n", "\\n").replace("\t", "\\t"));
        return shown + "\t" + line + System.lineSeparator();
    }
}
