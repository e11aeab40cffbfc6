package dev.paligemma.evaluation.internal.ptb;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The rules of the tokens. Of several that match the longest text, what must follow it included, the first one wins. */
final class PtbRules {
    /** What becomes of the text of a rule. */
    enum Form {
        /** A token without soft hyphens, entities and brackets. */
        WORD,
        /** A token as it is written. */
        PLAIN,
        /** Nothing. */
        SKIPPED,
        /** The end of a line. */
        NEW_LINE,
        /** Only as many characters as the rule says are a token; the others are read again. */
        PART,
        /** A token with the dot at its end, which is read again. */
        SENTENCE_END,
        /** The mark at the beginning of a quotation in double or in single quotes. */
        OPENING_DOUBLE,
        /** As above. */
        OPENING_SINGLE,
        /** A dash of three or four hyphens is one of two. */
        DASH,
        /** Three dots, however many there are. */
        ELLIPSIS,
        /** Quotes of typewriters instead of others. */
        QUOTE,
        /** A token with hard spaces in the place of spaces. */
        TAG,
        /** The same, where brackets have names. */
        SPACED,
        /** A token with apostrophes of typewriters. */
        CONTRACTION
    }

    /**
     * A rule.
     *
     * @param text what it takes
     * @param ahead what must follow, which stays; null if anything may
     * @param form what becomes of the text
     * @param part how many characters the token has, for {@link Form#PART}
     */
    record Rule(String text, @Nullable String ahead, Form form, int part) {}

    private static final String L = "[A-Za-z" + Symbols.LETTER + Symbols.UPPER + "]";
    private static final String D = "[0-9" + Symbols.DIGIT + "]";
    private static final String LD = "[A-Za-z0-9" + Symbols.LETTER + Symbols.UPPER + Symbols.DIGIT + "]";
    private static final String LETTER =
            "[A-Za-z\u00AD" + Symbols.LETTER + Symbols.UPPER + Symbols.MARK + "]|&[AEIOUaeiou](acute|grave|uml);";
    private static final String WORD_PART = "(" + LETTER + ")(" + LETTER + "|" + D + ")*";
    private static final String WORD = WORD_PART + "([.!?]" + WORD_PART + ")*";
    private static final String APOS = "(['\u2019]|&apos;)";
    private static final String APOS_LIKE = "(['`\u2018\u2019]|&apos;)";
    private static final String SPACE = "[ \t\u00A0\u2000]";
    private static final String SPACE_OR_LINE = "([ \t\u00A0\u2000\n\r\u000B\f\u2028\u0085]|\r\n)";
    private static final String NUMBER_BODY = "(" + D + "*([.:,\u00AD\u066B]" + D + "+)+|" + D + "+)";
    private static final String ACRO =
            "([A-Za-z](\\.[A-Za-z])*|(Canada|Sino|Korean|EU|Japan|non)-U\\.S|U\\.S\\.-(U\\.K|U\\.S\\.S\\.R))";
    private static final String ACRO2 =
            "([A-Za-z](\\.[A-Za-z])+|(Canada|Sino|Korean|EU|Japan|non)-U\\.S|U\\.S\\.-(U\\.K|U\\.S\\.S\\.R))";
    private static final String FRACTION = "(" + D + "{1,4}[\\- \u00A0])?" + D + "{1,4}(\\\\?/|\u2044)" + D + "{1,4}";
    private static final String THING_PART = "([dDoOlL]" + APOS_LIKE + LD + ")?" + LD + "+";
    private static final String THING = THING_PART + "([\\-_\u2010]" + THING_PART + ")*";
    private static final String THING_A = "[A-Z]+(([+&]|&amp;)[A-Z]+)+";
    private static final String THING_3 = "[A-Za-z0-9]+(-[A-Za-z]+){0,2}(\\\\?/[A-Za-z0-9]+(-[A-Za-z]+){0,2}){1,2}";
    private static final String HYPHENED = "[A-Za-z0-9][A-Za-z0-9.,\u00AD]*(-([A-Za-z0-9\u00AD]+|" + ACRO2 + "\\.))+";
    private static final String IN_SENTENCE = "[,;:\u3001]";
    private static final String URL_END = "[^ \t\n\f\r\"<>|.!?(){},\\-]";
    private static final String NAME = "[A-Za-z][A-Za-z0-9_:.\\-]*";
    private static final String VALUE = "('[^\r\n']*'|\"[^\r\n\"]*\")";

    private static final String TAG = "<([!?][A-Za-z\\-][^>\r\n]*|/" + NAME + "|" + NAME + "([ ]+" + NAME + "([ ]*=[ ]*"
            + VALUE + ")?)*[ ]*/?)[ ]*>";

    static final List<Rule> ALL = all();

    private PtbRules() {}

    private static List<Rule> all() {
        List<Rule> rules = new ArrayList<>();
        rules.add(new Rule("cannot|gonna|gotta|lemme|gimme|wanna", null, Form.PART, 3));
        rules.add(new Rule("'(tis|twas)", null, Form.PART, 2));
        rules.add(new Rule(TAG, null, Form.TAG, 0));
        word(rules, "&(MD|mdash|ndash);");
        word(rules, "&amp;");
        word(rules, "&(HT|TL|UR|LR|QC|QL|QR|odq|cdq|#[0-9]+);");
        word(rules, WORD, APOS + "(m|s|d|re|ve|ll)");
        word(rules, "[A-Za-z\u00AD]*[A-MO-Za-mo-z]\u00AD*", "n" + APOS_LIKE + "t");
        word(rules, WORD);
        word(rules, APOS + "n" + APOS + "?");
        word(rules, "[lLdDjJ]" + APOS);
        rules.add(new Rule("y" + APOS, L, Form.WORD, 0));
        word(
                rules,
                "(dunkin|somethin|ol)" + APOS + "|" + APOS + "(em|[2-9]0s|till?|cause)|c'mon|cont'd\\.?|nor'easter|e'er"
                        + "|s'mores|ev'ry|li'l|nat'l|o" + APOS_LIKE + "o");
        word(rules, "[A-HJ-XZn]" + APOS_LIKE + L + "{2,2}" + L + "*");
        word(rules, L + "+[aeiouyAEIOUY]" + APOS_LIKE + "[aeiouA-Z]" + L + "*");
        plain(rules, "https?://[^ \t\n\f\r\"<>|(){}]+" + URL_END);
        plain(
                rules,
                "((www\\.([^ \t\n\f\r\"<>|.!?(){},]+\\.)+[a-zA-Z]{2,4})|(([^ \t\n\f\r\"`'<>|.!?(){},-_$]+\\.)+"
                        + "(com|net|org|edu)))(/[^ \t\n\f\r\"<>|()]+" + URL_END + ")?");
        plain(
                rules,
                "(&lt;|<)?[a-zA-Z0-9][^ \t\n\f\r\"<>|(){}\u00A0]*@([^ \t\n\f\r\"<>|(){}.\u00A0]+\\.)*"
                        + "([^ \t\n\f\r\"<>|(){}.\u00A0]+)(&gt;|>)?");
        word(rules, "@[a-zA-Z_][a-zA-Z_0-9]*");
        plain(rules, "#(" + LETTER + ")+");
        rules.add(new Rule(APOS + "(m|s|d|re|ve|ll)", "[^A-Za-z]", Form.CONTRACTION, 0));
        rules.add(new Rule("n" + APOS_LIKE + "t", null, Form.CONTRACTION, 0));
        word(rules, D + "{1,2}[\\-/]" + D + "{1,2}[\\-/]" + D + "{2,4}");
        word(rules, "[\\-+]?" + NUMBER_BODY);
        word(rules, "\u207A?(\u00B2+|\u2080+)");
        rules.add(new Rule(FRACTION, null, Form.SPACED, 0));
        word(rules, "-(RRB|LRB|RCB|LCB|RSB|LSB)-|C\\.D\\.s|pro-|anti-|S(&|&amp;)P-500|S(&|&amp;)Ls|Cap'n|c'est");
        word(rules, APOS + "[0-9][0-9]", SPACE_OR_LINE);
        word(rules, THING_3);
        word(rules, "[A-Z]*$|#");
        word(rules, "c\\+\\+|[CcFf]#");
        // Abbreviations.
        word(rules, "(pt[ey]|co)\\.", SPACE + "(ltd|lim)");
        rules.add(new Rule(
                first() + "\\.",
                SPACE_OR_LINE + "+(" + SPACE_OR_LINE + "|[A-Z" + Symbols.UPPER + "]|" + TAG + ")",
                Form.SENTENCE_END,
                0));
        word(rules, first() + "\\.", "..");
        rules.add(new Rule(first() + "\\.", null, Form.SENTENCE_END, 0));
        word(rules, "(ca|[Ff]igs?|[Pp]rop|[Nn]os?|[Aa]rt|bldg|[Pp]p|op)\\.", SPACE_OR_LINE + "?" + D);
        rules.add(new Rule(
                ACRO2 + "\\.",
                SPACE_OR_LINE + "+(" + starters() + "|" + TAG + ")" + SPACE_OR_LINE,
                Form.SENTENCE_END,
                0));
        rules.add(new Rule(
                "[A-Za-z]\\.", SPACE_OR_LINE + "+(" + starters() + "|" + TAG + ")" + SPACE_OR_LINE, Form.PART, 1));
        word(rules, second() + "\\.");
        word(rules, ACRO + "\\.");
        word(rules, ACRO2, SPACE_OR_LINE);
        word(rules, WORD + "\\.", IN_SENTENCE);
        word(rules, THING + "\\.", IN_SENTENCE);
        word(rules, THING_A + "\\.", IN_SENTENCE);
        rules.add(new Rule(
                "(" + LETTER + "|" + D + ")+(\\.(" + LETTER + "|" + D
                        + ")+)*\\.(bat|bmp|c|class|cgi|cpp|dll|docx?|exe|gif|gz|h|html?|jar"
                        + "|java|jpe?g|mov|mp3|pdf|php|pl|png|ppt|ps|py|sql|tar|txt|wav|x|xml|zip)",
                SPACE_OR_LINE + "|[.,?!]",
                Form.PLAIN,
                0));
        rules.add(new Rule(
                "(\\([0-9]{2,3}\\)[ \u00A0]?|(\\+\\+?)?([0-9]{2,4}[\\- \u00A0])?[0-9]{2,4}[\\- \u00A0])[0-9]{3,4}"
                        + "[\\- \u00A0]?[0-9]{3,5}|((\\+\\+?)?[0-9]{2,4}\\.)?[0-9]{2,4}\\.[0-9]{3,4}\\.[0-9]{3,5}",
                null,
                Form.SPACED,
                0));
        rules.add(new Rule("\"|&quot;", "[A-Za-z0-9$]", Form.OPENING_DOUBLE, 0));
        word(rules, "\"|&quot;");
        word(rules, "<|&lt;");
        word(rules, ">|&gt;");
        word(rules, "[<>]?[:;=][\\-o*']?[()DPdpO\\\\{@|[\\]]", "[^A-Za-z0-9]");
        word(
                rules,
                "[\\^x=~<>]\\.\\[\\^x=~<>]|[\\-\\^x=~<>']_[\\-\\^x=~<>']|\\([\\-\\^x=~<>'][_.]?[\\-\\^x=~<>']\\)"
                        + "|\\([\\^x=~<>']-[\\^x=~<>'`]\\)");
        word(rules, "[(){}[\\]]");
        rules.add(new Rule("-+", null, Form.DASH, 0));
        rules.add(new Rule("\\.{3,5}|(\\.[ \u00A0]){2,4}\\.", null, Form.ELLIPSIS, 0));
        word(rules, "@+|#+|_+");
        word(rules, "\\*+|(\\\\\\*){1,3}");
        word(rules, "[?!]+");
        word(rules, HYPHENED);
        word(rules, HYPHENED + "\\.", IN_SENTENCE);
        word(rules, THING);
        word(rules, THING_A);
        rules.add(new Rule("'", "[A-Za-z][^ \t\n\r\u00A0]", Form.OPENING_SINGLE, 0));
        rules.add(new Rule(APOS + "(m|s|d|re|ve|ll)", null, Form.CONTRACTION, 0));
        rules.add(new Rule(APOS + "|''|[`\u2018\u2019\u201C]{1,2}", null, Form.QUOTE, 0));
        word(rules, "<<|>>");
        rules.add(new Rule(NEW_LINES, null, Form.NEW_LINE, 0));
        rules.add(new Rule("&nbsp;|[ \t\u00A0\u2000]+", null, Form.SKIPPED, 0));
        word(rules, "[^\u0000- \u007F]");
        rules.add(new Rule("[\u0000- \u007F]", null, Form.SKIPPED, 0));
        return List.copyOf(rules);
    }

    private static final String NEW_LINES = "\r|\r?\n|\u2028|\u000B|\f";

    private static void plain(List<Rule> rules, String text) {
        rules.add(new Rule(text, null, Form.PLAIN, 0));
    }

    private static void word(List<Rule> rules, String text) {
        rules.add(new Rule(text, null, Form.WORD, 0));
    }

    private static void word(List<Rule> rules, String text, String ahead) {
        rules.add(new Rule(text, ahead, Form.WORD, 0));
    }

    private static String first() {
        return "(al|ala|apr|ariz|assn|aug|bancorp|bhd|bldg|blvd|bros|calif|colo|conn|corp|cos?|ct|dak|dec|esq|est|etc|ext|feb|fla|fri|ga"
                + "|inc|ind|intl|jan|jr|jul|jun|kans?|ky|ltd|mar|md|mich|minn|mont?|mo|neb|nev|nov|oct|okla|penn|plc|p?pt[ye]s?|rd"
                + "|rt|sept?|seq|sq|sr|sys|tel|tenn|thu|thurs|tue|tues|univ|va|vt|wed|wisc?|wyo|(ed|ph)\\.d"
                + "|[A]z|[A]rk|[D]el|[I]ll|[L]a|[M]ass|[M]iss|[O]re|[P]a|[T]ex|[W]ash)";
    }

    private static String second() {
        return "(adj|adm|adv|alex|assoc|asst|attys?|ave|brig|capt|cf|cie|cmdr|col|comdr|cpl|dept|det|drs?|elec|ens|ft|gen|govs?|hon|insp"
                + "|invt|jos|lieut|lt|maj|messrs|m[ft]g|mlle|mme|mrs?|ms|msgr|mt|natl|pfc|ph|pres|profs?|pvt|reps?|rev|sens?|sfc|sgt"
                + "|spc|ste?|supts?|treas|vs|wm|a\\.k\\.a)";
    }

    private static String starters() {
        return "[A]|[A]bout|[A]ccording|[A]fter|[A]n|[A]s|[A]t|[B]ut|[E]arlier|[H]e|[H]er|[H]ere|[H]owever|[I]f|[I]n|[I]t|[L]ast|[M]any|[M]ore"
                + "|[N]ow|[O]nce|[O]ne|[O]ther|[O]ur|[S]he|[S]ince|[S]o|[S]ome|[S]uch|[T]hat|[T]he|[T]heir|[T]hen|[T]here|[T]hese"
                + "|[T]hey|[T]his|[W]e|[W]hat|[W]hen|[W]hile|[Y]et|[Y]ou|[M][rs]\\.";
    }
}
