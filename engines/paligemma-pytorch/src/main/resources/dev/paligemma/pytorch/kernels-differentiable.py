  def masks(self: __torch__.Network,
    sequences: Tensor,
    groups: int,
    window: int) -> List[Tensor]:
    masks = annotate(List[Tensor], [])
    for i in range(torch.size(sequences, 0)):
      one = torch.select(sequences, 0, i)
      rows = int(torch.select(one, 0, 0))
      prefix = int(torch.select(one, 0, 1))
      own = torch.unsqueeze(torch.arange(prefix, rows, dtype=4, layout=None, device=$DEVICE), 1)
      others = torch.unsqueeze(torch.arange(rows, dtype=4, layout=None, device=$DEVICE), 0)
      later = torch.gt(others, own)
      if torch.gt(window, 0):
        hidden = torch.logical_or(later, torch.le(others, torch.sub(own, window)))
      else:
        hidden = later
      zeros = torch.zeros([torch.sub(rows, prefix), rows], dtype=$ATTENTION, layout=None, device=$DEVICE)
      mask = torch.masked_fill(zeros, hidden, -1.0e30)
      _0 = torch.append(masks, torch.repeat_interleave(mask, groups, 0))
    return masks
  def mix_capped(self: __torch__.Network,
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    scale: float,
    cap: float,
    block: int) -> Tensor:
    return (self).mix_blocks(queries, keys, values, annotate(List[Tensor], []), scale, cap, block, )
  def mix_blocks(self: __torch__.Network,
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    mask: List[Tensor],
    scale: float,
    cap: float,
    block: int) -> Tensor:
    parts = annotate(List[Tensor], [])
    rows = torch.size(queries, 2)
    turned = torch.transpose(keys, 2, 3)
    for i in range(torch.floordiv(torch.add(rows, torch.sub(block, 1)), block)):
      first = torch.mul(i, block)
      count = ops.prim.min(block, torch.sub(rows, first))
      products = torch.to(torch.matmul(torch.narrow(queries, 2, first, count), turned), 6)
      capped = torch.mul(torch.tanh_(torch.mul_(products, torch.div(scale, cap))), cap)
      if torch.gt(torch.len(mask), 0):
        scores = torch.add_(capped, torch.narrow(mask[0], 0, first, count))
      else:
        scores = capped
      weights = torch.to(torch.softmax(scores, -1), $ATTENTION)
      _0 = torch.append(parts, torch.matmul(weights, values))
    return torch.cat(parts, 2)
  def mix_masked(self: __torch__.Network,
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    mask: Tensor,
    scale: float,
    cap: float,
    block: int) -> Tensor:
    if torch.gt(cap, 0.):
      mixed = (self).mix_blocks(queries, keys, values, [mask], scale, cap, block, )
    else:
      mixed = torch.scaled_dot_product_attention(queries, keys, values, mask, 0., False, scale=scale)
    return mixed
  def attend_sequences(self: __torch__.Network,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    masks: List[Tensor],
    heads: int,
    groups: int,
    scale: float,
    cap: float,
    block: int) -> Tensor:
    parts = annotate(List[Tensor], [])
    width = torch.floordiv(torch.size(k, 1), heads)
    first = 0
    for i in range(torch.len(masks)):
      mask = masks[i]
      count = torch.size(mask, 1)
      written = torch.floordiv(torch.size(mask, 0), groups)
      prefix = torch.sub(count, written)
      keys = (self).fold(torch.narrow(k, 0, first, count), 1, heads, width, )
      values = (self).fold(torch.narrow(v, 0, first, count), 1, heads, width, )
      queries = (self).fold(torch.narrow(q, 0, first, prefix), 1, heads, width, )
      known = torch.narrow(keys, 2, 0, prefix)
      meant = torch.narrow(values, 2, 0, prefix)
      _0 = torch.append(parts, (self).unfold((self).mix(queries, known, meant, scale, cap, block, ), groups, ))
      if torch.gt(written, 0):
        later = (self).fold(torch.narrow(q, 0, torch.add(first, prefix), written), 1, heads, width, )
        mixed = (self).mix_masked(later, keys, values, mask, scale, cap, block, )
        _1 = torch.append(parts, (self).unfold(mixed, groups, ))
      first = torch.add(first, count)
    return torch.cat(parts, 0)
  def multiply(self: __torch__.Network,
    x: Tensor,
    matrix: Tensor) -> Tensor:
    if $ROUND:
      y = torch.to(torch.linear(torch.to(x, 15), torch.to(matrix, 15)), 6)
    else:
      y = torch.linear(x, torch.to(matrix, 6))
    return y
  def from_int8(self: __torch__.Network,
    codes: Tensor,
    scales: Tensor) -> Tensor:
    return torch.mul(torch.to(codes, 6), torch.unsqueeze(scales, 1))
  def from_nf4(self: __torch__.Network,
    codes: Tensor,
    scales: Tensor,
    rows: int,
    columns: int) -> Tensor:
    tables = self.tables
    pairs = torch.embedding(tables[0], torch.to(codes, 3))
    numbers = torch.mul_(torch.view(pairs, [torch.size(scales, 0), -1]), torch.unsqueeze(scales, 1))
    return torch.view(torch.narrow(torch.view(numbers, [-1]), 0, 0, torch.mul(rows, columns)), [rows, columns])
  def drop(self: __torch__.Network,
    x: Tensor,
    seeds: Tensor,
    site: int,
    start: int,
    probability: float) -> Tensor:
    if torch.gt(torch.size(seeds, 0), site):
      rows, columns, = torch.size(x)
      own = torch.select(seeds, 0, site)
      end = torch.mul(torch.add(start, rows), columns)
      n = torch.arange(torch.mul(start, columns), end, dtype=4, layout=None, device=$DEVICE)
      n = torch.bitwise_xor_(n, int(torch.select(own, 0, 0)))
      n = torch.bitwise_xor_(n, torch.bitwise_right_shift(n, 16))
      n = torch.bitwise_and_(torch.mul_(torch.bitwise_and_(n, 4294967295), 2146121005), 4294967295)
      n = torch.bitwise_and_(torch.add_(n, int(torch.select(own, 0, 1))), 4294967295)
      n = torch.bitwise_xor_(n, torch.bitwise_right_shift(n, 15))
      n = torch.bitwise_and_(torch.mul_(n, 73244475), 4294967295)
      n = torch.bitwise_xor_(n, torch.bitwise_right_shift(n, 16))
      kept = torch.ge(n, torch.mul(probability, 4294967296.))
      factors = torch.div(torch.to(kept, 6), torch.sub(1., probability))
      dropped = torch.mul(x, torch.view(factors, [rows, columns]))
    else:
      dropped = x
    return dropped
  def inverse_norms(self: __torch__.Network,
    matrix: Tensor,
    down: Tensor,
    up: Tensor,
    first: int,
    factor: float) -> Tensor:
    rows = torch.narrow(torch.detach(up), 0, first, torch.size(matrix, 0))
    changed = torch.add_(torch.mul_(torch.mm(rows, torch.detach(down)), factor), torch.to(matrix, 6))
    return torch.reciprocal(torch.linalg_vector_norm(changed, 2, [1]))
  def losses(self: __torch__.Network,
    logits: Tensor,
    targets: Tensor,
    start: int,
    results: Tensor) -> Tensor:
    count = torch.size(logits, 0)
    wanted = torch.narrow(targets, 0, start, count)
    losses = torch.cross_entropy_loss(logits, wanted, None, 0, -100, 0.)
    right = torch.eq(torch.argmax(torch.detach(logits), 1), wanted)
    _0 = torch.copy_(torch.narrow(torch.select(results, 0, 0), 0, start, count), torch.detach(losses))
    _1 = torch.copy_(torch.narrow(torch.select(results, 0, 1), 0, start, count), right)
    return losses
  def pull(self: __torch__.Network,
    y: Tensor,
    dy: Optional[Tensor],
    x: Tensor,
    used: List[int],
    wanted: bool) -> Tensor:
    params = self.params
    grads = self.grads
    wrt = annotate(List[Tensor], [])
    if wanted:
      _0 = torch.append(wrt, x)
    for i in range(torch.len(used)):
      _1 = torch.append(wrt, params[used[i]])
    got = torch.autograd.grad([y], wrt, [dy], None, False, True)
    torch.set_grad_enabled(False)
    offset = torch.sub(torch.len(wrt), torch.len(used))
    for i in range(torch.len(used)):
      g = got[torch.add(i, offset)]
      if torch.__isnot__(g, None):
        _2 = torch.add_(grads[used[i]], unchecked_cast(Tensor, g))
    dx = torch.detach(x)
    if wanted:
      g0 = got[0]
      if torch.__isnot__(g0, None):
        dx = unchecked_cast(Tensor, g0)
      else:
        dx = torch.zeros_like(torch.detach(x))
    return dx
