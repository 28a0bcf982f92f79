import sys; sys.path.insert(0,"/tmp/prov"); sys.path.insert(0,".")
from words import W
from settings import catalogs
import inspect
missing=set()
for i,l in enumerate(("de","id")):
    b=catalogs.read(l)
    n=0
    for m in b:
        if not m.id: continue
        key=m.id[0] if isinstance(m.id,tuple) else m.id
        done = all(m.string) if isinstance(m.id,tuple) else bool(m.string)
        if done: continue
        if key not in W: missing.add(key); continue
        v=W[key][i]
        m.string = v if isinstance(m.id,tuple) else v
        n+=1
    path=catalogs.po(l)
    path.write_bytes(catalogs.as_text(b))
    print(l,n)
for k in sorted(missing): print("MISSING",repr(k))
