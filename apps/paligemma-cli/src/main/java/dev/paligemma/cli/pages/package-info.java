/** Pages of documents and pictures, for the commands about page retrieval. */
@NullMarked
package dev.paligemma.cli.pages;

import org.jspecify.annotations.NullMarked;
