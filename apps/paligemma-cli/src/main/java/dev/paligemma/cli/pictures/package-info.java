/** Many pictures: which they are, and the file of rows about them that a later run goes on with. Knows no engine. */
@NullMarked
package dev.paligemma.cli.pictures;

import org.jspecify.annotations.NullMarked;
