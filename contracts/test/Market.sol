// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketEscrow} from "../src/IMarketEscrow.sol";
import {MarketEscrow} from "../src/MarketEscrow.sol";
import {PrepaidOrders} from "../src/PrepaidOrders.sol";
import {TestDollar} from "../src/TestDollar.sol";
import {Suite} from "./Suite.sol";

/// @dev A market with its people: 2.5 % fee, seven days' hold, and Ada with a thousand dollars.
abstract contract Market is Suite {
    uint256 internal constant DOLLAR = 1e6;
    uint256 internal constant ADA_KEY = 0xADA;
    uint256 internal constant START = 1_700_000_000;
    uint32 internal constant DAY = 1 days;
    uint32 internal constant HOLD = 7 days;

    address internal ada = vm.addr(ADA_KEY);
    address internal ben = vm.addr(0xBE4);
    address internal relayer = vm.addr(0xFEE);
    address internal stranger = vm.addr(0x5747);
    address internal timelock = vm.addr(0x71);
    address internal treasury = vm.addr(0x72);

    TestDollar internal dollar;
    MarketEscrow internal escrow;

    bytes32 private constant RECEIVE = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    function setUp() public virtual {
        vm.warp(START);
        dollar = new TestDollar();
        escrow = new MarketEscrow(timelock, 250, treasury, HOLD, 3 days, 1 days);
        allow(address(dollar));
        dollar.mint(ada, 1000 * DOLLAR);
    }

    function allow(address token) internal {
        vm.prank(timelock);
        escrow.setToken(token, true);
    }

    /// @dev Three periods of thirty days at ten dollars.
    function terms() internal view returns (IMarketEscrow.Terms memory) {
        return termsIn(address(dollar), 10 * DOLLAR);
    }

    function termsIn(address token, uint256 price) internal view returns (IMarketEscrow.Terms memory) {
        return IMarketEscrow.Terms("order 1", ben, token, price, 30 * DAY, 3, 250);
    }

    function total(IMarketEscrow.Terms memory t) internal pure returns (uint256) {
        return t.pricePerPeriod * t.periods;
    }

    function fundAs(address buyer, IMarketEscrow.Terms memory t) internal returns (bytes32 id) {
        vm.startPrank(buyer);
        TestDollar(t.token).approve(address(escrow), total(t));
        id = escrow.fund(t);
        vm.stopPrank();
    }

    function fundAda() internal returns (bytes32) {
        return fundAs(ada, terms());
    }

    function approve(address who, uint256 amount) internal {
        vm.prank(who);
        dollar.approve(address(escrow), amount);
    }

    function renewAs(address buyer, bytes32 id, uint32 periods) internal {
        approve(buyer, order(id).pricePerPeriod * periods);
        vm.prank(buyer);
        escrow.renew(id, periods);
    }

    function digest(address token, bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked("\x19\x01", TestDollar(token).DOMAIN_SEPARATOR(), structHash));
    }

    /// @dev The signature that pays `value` to the escrow under `nonce`, valid until a day after the start.
    function authorization(address from, address token, uint256 value, bytes32 nonce)
        internal
        view
        returns (bytes memory)
    {
        return authorizationTo(from, address(escrow), token, value, nonce);
    }

    function authorizationTo(address from, address to, address token, uint256 value, bytes32 nonce)
        internal
        view
        returns (bytes memory)
    {
        bytes32 structHash = keccak256(abi.encode(RECEIVE, from, to, value, uint256(0), START + DAY, nonce));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ADA_KEY, digest(token, structHash));
        return abi.encodePacked(r, s, v);
    }

    function permit(address token, uint256 value) internal view returns (uint8 v, bytes32 r, bytes32 s) {
        uint256 nonce = TestDollar(token).nonces(ada);
        bytes32 structHash = keccak256(abi.encode(PERMIT, ada, address(escrow), value, nonce, START + DAY));
        return vm.sign(ADA_KEY, digest(token, structHash));
    }

    function relay(address buyer, IMarketEscrow.Terms memory t, bytes memory signature) internal returns (bytes32) {
        vm.prank(relayer);
        return escrow.fundWithAuthorization(buyer, t, 0, START + DAY, signature);
    }

    function order(bytes32 id) internal view returns (PrepaidOrders.Order memory o) {
        (bool ok, bytes memory answer) = address(escrow).staticcall(abi.encodeCall(escrow.orders, (id)));
        holds(ok, "orders answers");
        o = abi.decode(answer, (PrepaidOrders.Order));
    }

    function orderIs(bytes32 id, IMarketEscrow.State state) internal view {
        same(uint256(order(id).state), uint256(state), "state of the order");
    }

    function heldIsOwed() internal view {
        same(dollar.balanceOf(address(escrow)), escrow.owed(address(dollar)), "held = owed");
    }

    function credit(address who) internal view returns (uint256) {
        return escrow.credits(address(dollar), who);
    }

    function refuses(bytes4 selector) internal {
        vm.expectPartialRevert(selector);
    }
}
