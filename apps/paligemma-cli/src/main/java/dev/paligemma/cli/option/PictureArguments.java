package dev.paligemma.cli.option;

import java.io.File;

/** What is said about pictures that were given in a way that does not work. */
public final class PictureArguments {
    private static final String PLUGIN = "org.sejda.imageio:webp-imageio";
    private static final String PLUGIN_FILE = "webp-imageio.jar";

    private PictureArguments() {}

    /** What to type instead of a picture that stands alone. */
    public static String advice(String picture) {
        return "'" + picture + "' stands without an option: every picture needs --image in front of it, as in"
                + " --image FIRST --image " + picture;
    }

    /** The message with the command that has a plug-in on its class path: {@code java -jar} ignores any other. */
    public static String withClassPath(String message) {
        String archive = System.getProperty("java.class.path", "");
        if (!message.contains(PLUGIN) || !archive.endsWith(".jar") || archive.contains(File.pathSeparator)) {
            return message;
        }
        return message + ". Run it as: java -cp " + archive + File.pathSeparator + PLUGIN_FILE
                + " dev.paligemma.cli.Main ...";
    }
}
