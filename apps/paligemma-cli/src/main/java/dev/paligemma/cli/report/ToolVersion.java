package dev.paligemma.cli.report;

import picocli.CommandLine.IVersionProvider;

/** The version of this program, as the build wrote it into the jar's manifest. */
public final class ToolVersion implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {
            "paligemma " + version(),
            "Java " + Runtime.version() + " on " + System.getProperty("os.name") + " " + System.getProperty("os.arch")
        };
    }

    /** The version in the manifest, for example {@code 0.1.0}; {@code development} if the classes come from no jar. */
    public static String version() {
        String version = ToolVersion.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
