package dev.paligemma.pytorch;

/** The runs of a graph. Each is a method of the script, written by {@link ScriptEmitter}. */
enum Run {
    /** A run of a graph without caches. */
    STATELESS("forward", ""),
    /** The prefix of one sequence. */
    PREFIX("prefix", ",\n    caches: List[Tensor]"),
    /** One row of each of some sequences, which have the same number of rows. */
    NEXT("next", ",\n    caches: List[Tensor],\n    length: int"),
    /** One row of each of some sequences, which have different numbers of rows. */
    NEXT_OF_UNEQUAL("next_of_unequal", ",\n    caches: List[Tensor],\n    lengths: Tensor,\n    visible: int");

    /** The name of the method. */
    final String method;

    /** Its parameters after those of all runs. */
    final String parameters;

    Run(String method, String parameters) {
        this.method = method;
        this.parameters = parameters;
    }
}
