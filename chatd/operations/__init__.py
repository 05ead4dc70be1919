"""What those who run a server may do with it while it runs: plain functions, one noun a file.

Rule: a function here takes the `Service` first and plain values after it; it gives back values (structs, lists of
them), bounded in number, and never the text of a message. What changes something goes through `Service.act`, so that
its result is durable before anybody hears of it; what reads much goes through `Service.read`, off the reactor.
Nothing blocks. Who may call it, and how it looks, is the console's (`chatd.console`), which knows nothing behind this.
"""
