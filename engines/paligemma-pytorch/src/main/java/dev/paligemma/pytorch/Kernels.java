package dev.paligemma.pytorch;

/**
 * The methods that every script has, in the subset of Python that torch's serialised code uses. Torch inlines them, so that a
 * call costs nothing and a condition on constants is decided once.
 *
 * <p>Letters: S sequences, T rows of each in this run, K key/value heads, G query heads per key/value head, h width of a
 * head, C capacity of a cache. A cache is {@code [S, K, C, h]}; row r of a sequence lies at r. Queries are laid out as
 * {@code [S, K, T * G, h]}, so that the G heads that share keys are rows of one matrix product.
 *
 * <p>Rows of a cache that are not in use are zeros and not NaN: in sequences of different lengths they meet a factor of 0.
 */
final class Kernels {
    private Kernels() {}

    /** What graphs without caches need, too. */
    static String all(Target target) {
        return fill(target.isSingle() ? GENERAL : GENERAL + PRODUCTS, target);
    }

    /** What only graphs with caches need. */
    static String cached(Target target) {
        return fill(CACHED, target);
    }

    /** Targets differ in constants alone, so that one of them says much about the others. */
    private static String fill(String text, Target target) {
        return text.replace("$DEVICE", target.device().expression())
                .replace("$SEPARATE", target.device().separate() ? "True" : "False")
                .replace("$MATRICES", Integer.toString(target.matrices().code))
                .replace("$ATTENTION", Integer.toString(target.attention().code))
                .replace("$FEW", Integer.toString(target.fewRows()))
                .replace("$BLOCK", Integer.toString(WIDENED_ROWS));
    }

    /** How many rows of a matrix are widened at once: few enough to stay in the processor's cache. */
    private static final int WIDENED_ROWS = 512;

    private static final String GENERAL = """
              def give(self: __torch__.Network,
                outputs: List[Tensor],
                wanted: List[bool],
                index: int,
                value: Tensor) -> NoneType:
                if wanted[index]:
                  target = outputs[index]
                  if torch.ne(torch.size(target), torch.size(value)):
                    ops.prim.RaiseException("an output has other sizes than its result")
                  _0 = torch.copy_(target, value)
                return None
              def bring(self: __torch__.Network,
                tensor: Tensor) -> Tensor:
                return torch.to(tensor, $DEVICE, ops.prim.dtype(tensor), False, $SEPARATE)
              def require(self: __torch__.Network,
                index: Tensor,
                rows: int) -> NoneType:
                if $SEPARATE:
                  if torch.gt(torch.numel(index), 0):
                    if torch.lt(int(torch.amin(index)), 0):
                      ops.prim.RaiseException("index out of range: it must be at least 0")
                    if torch.ge(int(torch.amax(index)), rows):
                      ops.prim.RaiseException(torch.format("index out of range: there are {} rows", rows))
                return None
              def no_weights(self: __torch__.Network) -> List[Tensor]:
                return annotate(List[Tensor], [])
              def add_weight(self: __torch__.Network,
                weights: List[Tensor],
                weight: Tensor) -> NoneType:
                _0 = torch.append(weights, (self).bring(weight, ))
                return None
              def map_file(self: __torch__.Network,
                file: str,
                elements: int) -> Tensor:
                return torch.from_file(file, False, elements, dtype=15)
              def add_mapped_weight(self: __torch__.Network,
                weights: List[Tensor],
                file: Tensor,
                first: int,
                elements: int,
                sizes: List[int]) -> NoneType:
                part = torch.reshape(torch.narrow(file, 0, first, elements), sizes)
                _0 = torch.append(weights, (self).bring(part, ))
                return None
              def add_empty_weight(self: __torch__.Network,
                weights: List[Tensor],
                sizes: List[int],
                type: int) -> NoneType:
                _0 = torch.append(weights, torch.empty(sizes, dtype=type, layout=None, device=$DEVICE))
                return None
              def fill_last_weight(self: __torch__.Network,
                weights: List[Tensor],
                first: int,
                part: Tensor) -> NoneType:
                target = torch.view(weights[-1], [-1])
                _0 = torch.copy_(torch.narrow(target, 0, first, torch.size(part, 0)), part)
                return None
              def rotate(self: __torch__.Network,
                x: Tensor,
                cos: Tensor,
                sin: Tensor,
                heads: int) -> Tensor:
                rows = torch.size(x, 0)
                halves = torch.reshape(x, [rows, heads, 2, torch.size(cos, 1)])
                a = torch.select(halves, 2, 0)
                b = torch.select(halves, 2, 1)
                c = torch.unsqueeze(cos, 1)
                s = torch.unsqueeze(sin, 1)
                first = torch.sub(torch.mul(a, c), torch.mul(b, s))
                second = torch.add(torch.mul(b, c), torch.mul(a, s))
                return torch.reshape(torch.stack([first, second], 2), [rows, torch.size(x, 1)])
              def fold(self: __torch__.Network,
                rows: Tensor,
                sequences: int,
                heads: int,
                width: int) -> Tensor:
                tokens = torch.floordiv(torch.size(rows, 0), sequences)
                groups = torch.floordiv(torch.size(rows, 1), torch.mul(heads, width))
                split = torch.reshape(torch.to(rows, $ATTENTION), [sequences, tokens, heads, groups, width])
                return torch.reshape(torch.permute(split, [0, 2, 1, 3, 4]), [sequences, heads, torch.mul(tokens, groups), width])
              def unfold(self: __torch__.Network,
                mixed: Tensor,
                groups: int) -> Tensor:
                sequences, heads, rows, width, = torch.size(mixed)
                tokens = torch.floordiv(rows, groups)
                split = torch.permute(torch.reshape(mixed, [sequences, heads, tokens, groups, width]), [0, 2, 1, 3, 4])
                sizes = [torch.mul(sequences, tokens), torch.mul(torch.mul(heads, groups), width)]
                return torch.to(torch.reshape(split, sizes), 6)
              def mix_capped(self: __torch__.Network,
                queries: Tensor,
                keys: Tensor,
                values: Tensor,
                scale: float,
                cap: float,
                block: int) -> Tensor:
                mixed = torch.empty_like(queries)
                rows = torch.size(queries, 2)
                turned = torch.transpose(keys, 2, 3)
                for i in range(torch.floordiv(torch.add(rows, torch.sub(block, 1)), block)):
                  first = torch.mul(i, block)
                  count = ops.prim.min(block, torch.sub(rows, first))
                  products = torch.to(torch.matmul(torch.narrow(queries, 2, first, count), turned), 6)
                  scores = torch.mul_(torch.tanh_(torch.mul_(products, torch.div(scale, cap))), cap)
                  weights = torch.to(torch.softmax(scores, -1), $ATTENTION)
                  _0 = torch.copy_(torch.narrow(mixed, 2, first, count), torch.matmul(weights, values))
                return mixed
              def mix(self: __torch__.Network,
                queries: Tensor,
                keys: Tensor,
                values: Tensor,
                scale: float,
                cap: float,
                block: int) -> Tensor:
                if torch.gt(cap, 0.):
                  mixed = (self).mix_capped(queries, keys, values, scale, cap, block, )
                else:
                  mixed = torch.scaled_dot_product_attention(queries, keys, values, None, 0., False, scale=scale)
                return mixed
              def attend(self: __torch__.Network,
                q: Tensor,
                k: Tensor,
                v: Tensor,
                sequences: int,
                heads: int,
                groups: int,
                scale: float,
                cap: float,
                block: int) -> Tensor:
                width = torch.floordiv(torch.size(k, 1), heads)
                queries = (self).fold(q, sequences, heads, width, )
                keys = (self).fold(k, sequences, heads, width, )
                values = (self).fold(v, sequences, heads, width, )
                return (self).unfold((self).mix(queries, keys, values, scale, cap, block, ), groups, )
            """;

    /** Products of float32 rows with matrices of another type. */
    private static final String PRODUCTS = """
              def multiply(self: __torch__.Network,
                x: Tensor,
                matrix: Tensor) -> Tensor:
                rows = torch.size(x, 0)
                if torch.le(rows, $FEW):
                  y = torch.to(torch.linear(torch.to(x, $MATRICES), matrix), 6)
                else:
                  columns, width, = torch.size(matrix)
                  y = torch.empty([rows, columns], dtype=6, layout=None, device=$DEVICE)
                  wide = torch.empty([ops.prim.min($BLOCK, columns), width], dtype=6, layout=None, device=$DEVICE)
                  for i in range(torch.floordiv(torch.add(columns, torch.sub($BLOCK, 1)), $BLOCK)):
                    first = torch.mul(i, $BLOCK)
                    count = ops.prim.min($BLOCK, torch.sub(columns, first))
                    block = torch.copy_(torch.narrow(wide, 0, 0, count), torch.narrow(matrix, 0, first, count))
                    _0 = torch.mm(x, torch.t(block), out=torch.narrow(y, 1, first, count))
                return y
              def multiply_add(self: __torch__.Network,
                x: Tensor,
                matrix: Tensor,
                bias: Tensor) -> Tensor:
                return torch.add_((self).multiply(x, matrix, ), bias)
            """;

    private static final String CACHED = """
              def blank(self: __torch__.Network,
                sequences: int,
                heads: int,
                capacity: int,
                width: int) -> Tensor:
                return torch.zeros([sequences, heads, capacity, width], dtype=$ATTENTION, layout=None, device=$DEVICE)
              def attend_prefix(self: __torch__.Network,
                q: Tensor,
                k: Tensor,
                v: Tensor,
                key_cache: Tensor,
                value_cache: Tensor,
                groups: int,
                scale: float,
                cap: float,
                block: int) -> Tensor:
                sequences, heads, capacity, width, = torch.size(key_cache)
                rows = torch.size(k, 0)
                keys = torch.copy_(torch.narrow(key_cache, 2, 0, rows), (self).fold(k, 1, heads, width, ))
                values = torch.copy_(torch.narrow(value_cache, 2, 0, rows), (self).fold(v, 1, heads, width, ))
                queries = (self).fold(q, 1, heads, width, )
                return (self).unfold((self).mix(queries, keys, values, scale, cap, block, ), groups, )
              def attend_next(self: __torch__.Network,
                q: Tensor,
                k: Tensor,
                v: Tensor,
                key_cache: Tensor,
                value_cache: Tensor,
                length: int,
                window: int,
                groups: int,
                scale: float,
                cap: float,
                block: int) -> Tensor:
                sequences, heads, capacity, width, = torch.size(key_cache)
                _0 = torch.copy_(torch.narrow(key_cache, 2, length, 1), (self).fold(k, sequences, heads, width, ))
                _1 = torch.copy_(torch.narrow(value_cache, 2, length, 1), (self).fold(v, sequences, heads, width, ))
                visible = torch.add(length, 1)
                if torch.gt(window, 0):
                  count = ops.prim.min(visible, window)
                else:
                  count = visible
                keys = torch.narrow(key_cache, 2, torch.sub(visible, count), count)
                values = torch.narrow(value_cache, 2, torch.sub(visible, count), count)
                queries = (self).fold(q, sequences, heads, width, )
                return (self).unfold((self).mix(queries, keys, values, scale, cap, block, ), groups, )
              def hide(self: __torch__.Network,
                lengths: Tensor,
                visible: int,
                window: int) -> Tensor:
                own = torch.reshape(lengths, [-1, 1, 1, 1])
                rows = torch.reshape(torch.arange(visible, dtype=4, layout=None, device=$DEVICE), [1, 1, 1, visible])
                hidden = torch.gt(rows, own)
                if torch.gt(window, 0):
                  result = torch.logical_or(hidden, torch.le(rows, torch.sub(own, window)))
                else:
                  result = hidden
                return result
              def attend_unequal(self: __torch__.Network,
                q: Tensor,
                k: Tensor,
                v: Tensor,
                key_cache: Tensor,
                value_cache: Tensor,
                lengths: Tensor,
                hidden: Tensor,
                groups: int,
                scale: float,
                cap: float) -> Tensor:
                sequences, heads, capacity, width, = torch.size(key_cache)
                place = torch.expand(torch.reshape(lengths, [sequences, 1, 1, 1]), [sequences, heads, 1, width])
                _0 = torch.scatter_(key_cache, 2, place, (self).fold(k, sequences, heads, width, ))
                _1 = torch.scatter_(value_cache, 2, place, (self).fold(v, sequences, heads, width, ))
                keys = torch.narrow(key_cache, 2, 0, torch.size(hidden, 3))
                values = torch.narrow(value_cache, 2, 0, torch.size(hidden, 3))
                queries = (self).fold(q, sequences, heads, width, )
                scores = torch.mul_(torch.to(torch.matmul(queries, torch.transpose(keys, 2, 3)), 6), scale)
                if torch.gt(cap, 0.):
                  capped = torch.mul(torch.tanh(torch.div(scores, cap)), cap)
                else:
                  capped = scores
                weights = torch.to(torch.softmax(torch.masked_fill(capped, hidden, -1.0e30), -1), $ATTENTION)
                return (self).unfold(torch.matmul(weights, values), groups, )
              def grow(self: __torch__.Network,
                caches: List[Tensor],
                used: int,
                capacity: int) -> NoneType:
                for i in range(torch.len(caches)):
                  old = caches[i]
                  sequences, heads, _2, width, = torch.size(old)
                  larger = (self).blank(sequences, heads, capacity, width, )
                  _0 = torch.copy_(torch.narrow(larger, 2, 0, used), torch.narrow(old, 2, 0, used))
                  _1 = torch._set_item(caches, i, larger)
                return None
              def choose(self: __torch__.Network,
                caches: List[Tensor],
                chosen: Tensor) -> NoneType:
                order = (self).bring(chosen, )
                for i in range(torch.len(caches)):
                  _0 = torch._set_item(caches, i, torch.index_select(caches[i], 0, order))
                return None
              def rearrange(self: __torch__.Network,
                caches: List[Tensor],
                chosen: Tensor,
                first: int,
                count: int) -> NoneType:
                order = (self).bring(chosen, )
                for i in range(torch.len(caches)):
                  rows = torch.narrow(caches[i], 2, first, count)
                  _0 = torch.copy_(rows, torch.index_select(rows, 0, order))
                return None
              def take(self: __torch__.Network,
                caches: List[Tensor],
                others: List[Tensor],
                sequence: int,
                used: int) -> NoneType:
                for i in range(torch.len(caches)):
                  other = torch.narrow(others[i], 2, 0, used)
                  own = torch.narrow(torch.narrow(caches[i], 0, sequence, torch.size(other, 0)), 2, 0, used)
                  _0 = torch.copy_(own, other)
                return None
            """;
}
