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
