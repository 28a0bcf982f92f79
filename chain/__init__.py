"""Everything that touches an EVM node: blocks and logs coming in, transactions going out."""
